// SPDX-License-Identifier: AGPL-3.0-or-later
//! core.gegevensuitwisseling.100 – core.gegevensuitwisseling.201, core.dossier.107 — automatic collecting as the PGO carries
//! it out, in nights that the test lets come: over SQLite and over PostgreSQL.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // also in the helpers

use crate::gate::code_for;
use demo::{
    browser::{Browser, Page},
    network::{DVP, DVZA_TWO, Network},
    persoon,
    roles::{Role, Roles},
};
use medmij_dvp::{Dvp, FlowRequest, group_by_endpoints, person::ActiveAccount};
use medmij_node::Node;
use medmij_oauth::{ClientId, RedirectUri};
use medmij_test::{ManualClock, postgres::TestPostgres};
use medmij_types::{
    Aanbiedernaam, AmsterdamTime, BackchannelUri, CalendarDate, Clock, FrontchannelUri, GegevensdienstId, Release,
};
use medmij_whitelist::HostPolicy;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio::{sync::oneshot, task::JoinHandle};

const PRACTICE: &str = "huisartsdewilg";

/// A clock that the test moves, and that counts how often it was looked at: once in each round.
struct Counted {
    clock: ManualClock,
    looks: AtomicUsize,
}

impl Clock for Counted {
    fn now(&self) -> SystemTime {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.clock.now()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

struct Night {
    network: Network,
    roles: Roles,
    /// The practice is there, and can go.
    dvza: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    dvp: (oneshot::Sender<()>, JoinHandle<()>),
    clock: Arc<Counted>,
    browser: Browser,
    today: CalendarDate,
    folder: tempfile::TempDir,
}

impl Night {
    async fn start(database_url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut network = Network::build(&folder.path().join("demo")).unwrap();
        network.dvp.database_url = database_url;
        let roles = Roles::start_these(&network, &[Role::DvzaEen]).await.unwrap();
        let today = AmsterdamTime::of(SystemTime::now()).date();
        let clock = Arc::new(Counted {
            clock: ManualClock::at(AmsterdamTime::moment(today, 12, 0).unwrap()),
            looks: AtomicUsize::new(0),
        });
        let schedule = dvp::Schedule {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            every: Duration::from_millis(100),
        };
        let (stop, stopped) = oneshot::channel();
        let until = async { drop(stopped.await) };
        let running = tokio::spawn(dvp::start_by(&network.dvp, schedule, until).await.unwrap());
        let mut night = Self {
            network,
            roles,
            dvza: None,
            dvp: (stop, running),
            clock,
            browser: Browser::default(),
            today,
            folder,
        };
        night.opens().await;
        night
    }

    /// The practice is there.
    async fn opens(&mut self) {
        let begun = Instant::now();
        // a connection of somebody else may have its port for a moment
        loop {
            let (stop, stopped) = oneshot::channel();
            let until = async { drop(stopped.await) };
            match dvza::start(&self.network.dvzas[1], until).await {
                Ok(running) => {
                    self.dvza = Some((stop, tokio::spawn(running)));
                    return;
                }
                Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The practice is gone.
    async fn closes(&mut self) {
        let (stop, running) = self.dvza.take().unwrap();
        stop.send(()).unwrap();
        running.await.unwrap();
    }

    /// Everything stops; what is left of it on the disk.
    async fn stop(self) -> tempfile::TempDir {
        self.dvp.0.send(()).unwrap();
        self.dvp.1.await.unwrap();
        self.roles.stop().await;
        self.folder
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.network.start)
    }

    async fn page(&mut self, path: &str) -> Page {
        let address = self.at(path);
        self.browser.open(&address).await.unwrap()
    }

    /// Moves the clock, and waits until a whole round went by it.
    async fn comes(&self, day: u32, hour: u8, minute: u8) {
        let moment = AmsterdamTime::moment(self.today.plus(day), hour, minute).unwrap();
        self.clock.clock.jump_to(moment);
        let seen = self.clock.looks.load(Ordering::SeqCst);
        // the look after the next one: what the next one began has ended then
        let begun = Instant::now();
        while self.clock.looks.load(Ordering::SeqCst) < seen + 3 {
            assert!(begun.elapsed() < Duration::from_secs(120), "no round");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn account(&mut self) {
        let page = self.page("account-maken").await;
        let fields = [
            ("name", "Anna"),
            ("email", "anna@example.nl"),
            ("password", "vier gele fietsen"),
            ("agreement", "yes"),
        ];
        let form = page.form().unwrap();
        let page = self.browser.submit(&page, &form, None, &fields).await.unwrap();
        let key = page.html().split("class=\"key\">").nth(1).unwrap();
        let code = code_for(key.split('<').next().unwrap());
        let form = page.form().unwrap();
        let page = self
            .browser
            .submit(&page, &form, None, &[("code", &code)])
            .await
            .unwrap();
        assert!(page.html().contains("Bewaar je herstelcodes"), "{}", page.html());
    }

    /// Collects at the practice, ticked to go on without asking; `long` is what is said there.
    async fn collects(&mut self, long: bool) -> Page {
        let page = self.page(&format!("ophalen/bij/{PRACTICE}?vanzelf")).await;
        let form = page.form_with_button("collect", "start").unwrap();
        assert!(
            form.fields.contains(&("automatic".to_owned(), "yes".to_owned())),
            "{}",
            page.html()
        );
        let button = Some(("collect", "start"));
        let landing = self.browser.submit(&page, &form, button, &[]).await.unwrap();
        let consent = persoon::logs_in(&mut self.browser, landing).await.unwrap();
        let form = consent.form_with_button("answer", "yes").unwrap();
        let fields: &[(&str, &str)] = if long { &[("langdurig", "yes")] } else { &[] };
        let button = Some(("answer", "yes"));
        let page = self.browser.submit(&consent, &form, button, fields).await.unwrap();
        persoon::waits(&mut self.browser, page).await.unwrap()
    }

    /// How often something is in what happened.
    async fn happened(&mut self, text: &str) -> usize {
        self.page("gebeurd").await.html().matches(text).count()
    }

    /// Sends the form of a page that goes there.
    async fn sends(&mut self, path: &str, to: &str, change: impl Fn(&mut Vec<(String, String)>)) -> Page {
        let page = self.page(path).await;
        let mut form = page.forms().into_iter().find(|form| form.action == to).unwrap();
        change(&mut form.fields);
        self.browser.submit(&page, &form, None, &[]).await.unwrap()
    }

    /// What was mailed.
    fn mails(&self) -> Vec<String> {
        let folder = self.network.dvp.mail.as_ref().unwrap();
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    /// Withdraws every consent at the second DVZA, there.
    async fn withdraws(&mut self) {
        let dvp = Dvp::new(ClientId::parse(DVP).unwrap());
        let group = group_by_endpoints([(
            GegevensdienstId::parse("48").unwrap(),
            FrontchannelUri::parse(&format!("https://{}/oauth/toestemmingen", DVZA_TWO[0])).unwrap(),
            BackchannelUri::parse(&format!("https://{}{}", DVZA_TWO[1], dvza::TOKEN)).unwrap(),
        )])
        .remove(0);
        let name = Aanbiedernaam::parse(PRACTICE).unwrap();
        let redirect = RedirectUri::parse(&format!("https://{DVP}/terug/een")).unwrap();
        let request = FlowRequest::verzamelen(Release::DEFAULT, name, &group, redirect).unwrap();
        let account = ActiveAccount::danger_unchecked();
        let started = dvp.start(account, request, "session").unwrap();
        let config = self.network.dvp.node.clone();
        let policy = HostPolicy::stelselnode_only(config.stelselnode.clone());
        let node = Node::with_policy(config, policy).unwrap();
        let address = node.danger_loopback().rewrite_front(&started.location).unwrap();
        let mut browser = Browser::default();
        let landing = browser.open(&address).await.unwrap();
        let overview = persoon::logs_in(&mut browser, landing).await.unwrap();
        let sure = persoon::answers(&mut browser, &overview, "stop").await.unwrap();
        persoon::answers(&mut browser, &sure, "yes").await.unwrap();
    }
}

/// Over a file, and over PostgreSQL where there is one.
async fn worlds() -> Vec<Night> {
    let mut worlds = vec![Night::start(None).await];
    if let Some(postgres) = TestPostgres::shared() {
        worlds.push(Night::start(Some(postgres.create_database().unwrap())).await);
    }
    worlds
}

/// Every line that the DVP delivered of its chain log.
fn logged(folder: &Path) -> String {
    let files = std::fs::read_dir(folder.join("ketenlog").join(DVP).join("geleverd")).unwrap();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

const LOOKED: &str = "We keken vanzelf bij Huisartsenpraktijk De Wilg";
const FAILED: &str = "Vanzelf ophalen bij Huisartsenpraktijk De Wilg lukte niet";
const SILENT: &str = "Vanzelf ophalen bij Huisartsenpraktijk De Wilg lukt al twee dagen niet";

#[tokio::test(flavor = "multi_thread")]
async fn core_gegevensuitwisseling_101_102_104_201_what_is_ordered_comes_once_a_night_and_the_persoon_is_told() {
    for mut night in worlds().await {
        night.account().await;
        let page = night.collects(true).await;
        assert_eq!(
            page.html()
                .matches("Vanaf nu kijken we hier elke nacht vanzelf")
                .count(),
            3,
            "{}",
            page.html()
        );
        let before = night.page("dossier/kopie").await.html().lines().count();
        let page = night.page("vanzelf-ophalen").await;
        assert_eq!(page.html().matches("name=\"service\"").count(), 3);
        assert_eq!(page.html().matches("checked").count(), 3, "{}", page.html());

        night.comes(0, 22, 59).await;
        assert_eq!(night.happened(LOOKED).await, 0, "before the window");
        night.comes(1, 5, 45).await;
        assert_eq!(night.happened(LOOKED).await, 3);
        night.comes(1, 5, 59).await;
        assert_eq!(night.happened(LOOKED).await, 3, "once in 24 hours");
        // core.dossier.102: what was there is not there twice
        let after = night.page("dossier/kopie").await.html().lines().count();
        assert_eq!(after, before);
        assert!(
            night
                .page("vanzelf-ophalen")
                .await
                .html()
                .contains("Alles is er. Er was niets nieuws.")
        );
        assert_eq!(night.mails().len(), 0, "in the app only");

        // told by e-mail, of one service less
        let field = ("mail".to_owned(), "yes".to_owned());
        night
            .sends("vanzelf-ophalen", "/vanzelf-ophalen/melden", |fields| {
                fields.push(field.clone());
            })
            .await;
        night
            .sends("vanzelf-ophalen", "/vanzelf-ophalen/keuze", |fields| {
                fields.retain(|(name, value)| name != "service" || value != "63");
            })
            .await;
        night.comes(2, 5, 46).await;
        assert_eq!(night.happened(LOOKED).await, 5);
        let mails = night.mails();
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert!(mails[0].contains("To: anna@example.nl") && mails[0].contains("We hebben gegevens voor u opgehaald"));
        for private in ["Wilg", "huisarts", "http", "Basisgegevens"] {
            assert!(!mails[0].contains(private), "{private}: {}", mails[0]);
        }

        // off is off
        night
            .sends("vanzelf-ophalen", "/vanzelf-ophalen", |fields| {
                fields.push(("automatic".to_owned(), "off".to_owned()));
            })
            .await;
        night.comes(3, 5, 47).await;
        assert_eq!(night.happened(LOOKED).await, 5);
        let folder = night.stop().await;
        // core.gegevensuitwisseling.200
        let log = logged(&folder.path().join("demo"));
        let (machine, person) = (log.matches("\"machine\"").count(), log.matches("\"person\"").count());
        assert!(machine > 2 && person > 2, "{machine} {person}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_gegevensuitwisseling_105_core_autorisatie_100_silence_is_told_once_and_a_withdrawal_ends_it() {
    for mut night in worlds().await {
        night.account().await;
        night.collects(true).await;
        night.comes(1, 5, 45).await;
        assert_eq!(night.happened(LOOKED).await, 3);
        night.closes().await;
        night.comes(2, 5, 46).await;
        assert_eq!((night.happened(FAILED).await, night.happened(SILENT).await), (1, 0));
        night.comes(3, 5, 47).await;
        assert_eq!((night.happened(FAILED).await, night.happened(SILENT).await), (2, 1));
        night.comes(3, 12, 0).await;
        assert_eq!(night.happened(SILENT).await, 1, "reported once");
        // it is there again, and the token still works
        night.opens().await;
        night.comes(4, 5, 48).await;
        assert_eq!(night.happened(LOOKED).await, 6);

        night.withdraws().await;
        night.comes(5, 5, 49).await;
        let ended = "Je toestemming bij Huisartsenpraktijk De Wilg is gestopt";
        assert_eq!((night.happened(LOOKED).await, night.happened(ended).await), (6, 1));
        let page = night.page("vanzelf-ophalen").await;
        assert!(page.html().contains("Geef opnieuw toestemming"), "{}", page.html());
        assert!(!page.html().contains("name=\"service\""));
        assert!(night.page("overzicht").await.html().contains(ended));
        night.comes(6, 5, 50).await;
        assert_eq!(
            (night.happened(FAILED).await, night.happened(ended).await),
            (2, 1),
            "asked no more"
        );
        // and it can be given anew
        night.comes(6, 12, 0).await;
        night.collects(true).await;
        night.comes(7, 5, 51).await;
        assert_eq!(night.happened(LOOKED).await, 9);
        night.closes().await;
        night.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn core_account_103_core_gegevensuitwisseling_103_without_a_lasting_consent_or_a_used_account_nothing_comes() {
    let mut night = Night::start(None).await;
    night.account().await;
    let page = night.collects(false).await;
    assert!(
        page.html().contains("Je gaf toestemming voor één keer"),
        "{}",
        page.html()
    );
    night.comes(1, 5, 45).await;
    assert_eq!(night.happened(LOOKED).await + night.happened(FAILED).await, 0);

    night.comes(1, 12, 0).await;
    night.collects(true).await;
    let field = ("mail".to_owned(), "yes".to_owned());
    night
        .sends("vanzelf-ophalen", "/vanzelf-ophalen/melden", |fields| {
            fields.push(field.clone());
        })
        .await;
    // seven months without use
    night.comes(215, 5, 45).await;
    assert_eq!(night.happened(LOOKED).await + night.happened(FAILED).await, 0);
    assert_eq!(night.happened("Je was zes maanden weg").await, 1);
    assert_eq!(night.happened(SILENT).await, 0, "resting is no silence");
    let mails = night.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(
        mails[0].contains("U hebt uw account zes maanden niet gebruikt."),
        "{}",
        mails[0]
    );
    night.stop().await;
}
