// SPDX-License-Identifier: AGPL-3.0-or-later
//! Security R7, R15: two replicas of a DVZA on one PostgreSQL, behind one address. A flow hops between them at any step, and one
//! that is killed loses nothing but what it was answering.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

use demo::{
    browser::Browser,
    network::Network,
    persoon,
    roles::{Role, Roles},
};
use medmij_test::postgres::TestPostgres;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// What is in front: each connection goes to the replica after that of the connection before, or to the other where that
/// one does not answer.
pub(crate) struct Balancer {
    behind: [SocketAddr; 2],
    taken: [AtomicUsize; 2],
    /// Whether it gets no new connections.
    out: [AtomicBool; 2],
    open: [AtomicUsize; 2],
}

impl Balancer {
    pub(crate) async fn start(address: SocketAddr, behind: [SocketAddr; 2]) -> Arc<Self> {
        let balancer = Arc::new(Self {
            behind,
            taken: Default::default(),
            out: Default::default(),
            open: Default::default(),
        });
        let listener = TcpListener::bind(address).await.unwrap();
        let serving = Arc::clone(&balancer);
        tokio::spawn(async move {
            let mut turn = 0;
            while let Ok((client, _)) = listener.accept().await {
                turn = 1 - turn;
                tokio::spawn(Arc::clone(&serving).pass(client, turn));
            }
        });
        balancer
    }

    async fn pass(self: Arc<Self>, mut client: TcpStream, turn: usize) {
        for replica in [turn, 1 - turn] {
            if self.out[replica].load(Ordering::SeqCst) {
                continue;
            }
            if let Ok(mut server) = TcpStream::connect(self.behind[replica]).await {
                self.taken[replica].fetch_add(1, Ordering::SeqCst);
                self.open[replica].fetch_add(1, Ordering::SeqCst);
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                self.open[replica].fetch_sub(1, Ordering::SeqCst);
                return;
            }
        }
    }

    /// Gives a replica no new connections, or gives it some again.
    pub(crate) fn take_out(&self, replica: usize, out: bool) {
        self.out[replica].store(out, Ordering::SeqCst);
    }

    /// How many connections lead to a replica now.
    pub(crate) fn open(&self, replica: usize) -> usize {
        self.open[replica].load(Ordering::SeqCst)
    }

    pub(crate) fn taken(&self) -> [usize; 2] {
        [0, 1].map(|replica| self.taken[replica].load(Ordering::SeqCst))
    }
}

/// One replica: a process of its own, with files of its own, that shares the database, the keys and the journal.
pub(crate) struct Replica {
    config: PathBuf,
    front: SocketAddr,
    process: Child,
}

/// What a replica runs, and what stands before its configuration.
pub(crate) type Program<'a> = (&'a Path, &'a [&'a str]);

/// The program of today.
pub(crate) fn today() -> Program<'static> {
    (Path::new(env!("CARGO_BIN_EXE_demo")), &["role", "dvza"])
}

impl Replica {
    pub(crate) async fn start(program: Program<'_>, config: PathBuf, front: SocketAddr) -> Self {
        let process = Self::process(program, &config);
        let mut replica = Self { config, front, process };
        replica.up().await;
        replica
    }

    fn process((program, arguments): Program<'_>, config: &Path) -> Child {
        Command::new(program)
            .args(arguments)
            .arg(config)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }

    /// SIGTERM: it ends what it began. Then this program, on the same files.
    pub(crate) async fn replace(&mut self, program: Program<'_>) {
        let asked = Command::new("kill")
            .arg(self.process.id().unwrap().to_string())
            .status()
            .await;
        assert!(asked.unwrap().success());
        let ended = self.process.wait().await.unwrap();
        assert!(ended.success(), "{ended}");
        self.process = Self::process(program, &self.config);
        self.up().await;
    }

    async fn up(&mut self) {
        while TcpStream::connect(self.front).await.is_err() {
            assert!(self.process.try_wait().unwrap().is_none(), "a replica ended");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// SIGKILL: nothing is ended in order.
    async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    async fn again(&mut self) {
        self.process = Self::process(today(), &self.config);
        self.up().await;
    }
}

/// The second DVZA as two replicas on one database, behind its usual addresses.
pub(crate) struct Pair {
    pub(crate) replicas: [Replica; 2],
    pub(crate) front: Arc<Balancer>,
    pub(crate) back: Arc<Balancer>,
    pub(crate) database: String,
}

impl Pair {
    pub(crate) async fn start(network: &Network, postgres: &TestPostgres, program: Program<'_>) -> Self {
        let (usual, folder) = (&network.dvzas[1], &network.folder);
        // all are held at once, so they differ, and then given free
        let ports = {
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
            }
            held.iter()
                .map(|port| port.local_addr().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let fronts = [ports[0], ports[1]];
        let backs = [ports[2], ports[3]];
        let front = Balancer::start(usual.front, fronts).await;
        let back = Balancer::start(usual.back, backs).await;
        let database = postgres.create_database().unwrap();
        let keys: Vec<u8> = (0..64).collect();
        let mut replicas = Vec::new();
        for number in [0, 1] {
            let mut config = usual.clone();
            config.node.folder = folder.join(format!("replica-{number}"));
            std::fs::create_dir_all(&config.node.folder).unwrap();
            std::fs::write(config.node.folder.join("opslag.sleutels"), &keys).unwrap();
            (config.front, config.back) = (fronts[number], backs[number]);
            config.operator = None;
            config.log = None;
            config.storage.database_url = Some(database.clone());
            config.storage.journal = Some(folder.join("journaal"));
            let file = folder.join(format!("replica-{number}.json"));
            std::fs::write(&file, serde_json::to_vec(&config).unwrap()).unwrap();
            replicas.push(Replica::start(program, file, fronts[number]).await);
        }
        Self {
            replicas: replicas.try_into().ok().unwrap(),
            front,
            back,
            database,
        }
    }
}

struct World {
    _folder: tempfile::TempDir,
    network: Network,
    replicas: [Replica; 2],
    front: Arc<Balancer>,
    back: Arc<Balancer>,
    roles: Roles,
    /// Signed in once: a code of the second factor counts once.
    browser: Browser,
}

/// The network of the demo, with the second DVZA as two replicas.
async fn world(postgres: &TestPostgres) -> World {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    // the lists are there before anybody asks for them
    let roles = Roles::start_these(&network, &[Role::DvzaEen, Role::Dvp]).await.unwrap();
    let pair = Pair::start(&network, postgres, today()).await;
    World {
        _folder: folder,
        network,
        replicas: pair.replicas,
        front: pair.front,
        back: pair.back,
        roles,
        browser: Browser::default(),
    }
}

/// Collects at the practice, all of which is with the second DVZA; what `at` does comes before each of the steps.
async fn collects(world: &mut World, at: impl AsyncFn(usize, &mut [Replica; 2])) {
    let start = world.network.start.clone();
    let browser = &mut world.browser;
    at(0, &mut world.replicas).await;
    let landing = persoon::chooses(browser, &start, "huisartsdewilg").await.unwrap();
    at(1, &mut world.replicas).await;
    let question = persoon::logs_in(browser, landing).await.unwrap();
    at(2, &mut world.replicas).await;
    let page = persoon::answers(browser, &question, "yes").await.unwrap();
    at(3, &mut world.replicas).await;
    let page = persoon::waits(browser, page).await.unwrap();
    assert!(page.html().contains("Basisgegevens Zorg"), "{}", page.html());
    assert!(page.form_with_button("step", "next").is_err(), "one flow is all");
    assert!(persoon::count(&page).unwrap() > 0, "{}", page.html());
}

#[tokio::test(flavor = "multi_thread")]
async fn r7_r15_a_flow_hops_between_two_replicas_and_survives_the_death_of_either_at_each_step() {
    let Some(postgres) = TestPostgres::shared() else { return };
    let mut world = world(postgres).await;

    collects(&mut world, async |_, _| {}).await;
    for taken in [world.front.taken(), world.back.taken()] {
        assert!(taken.iter().all(|taken| *taken > 0), "{taken:?}");
    }
    // before each step one dies, and the one that died before is back
    for dies in [0, 1] {
        for when in 0..3 {
            collects(&mut world, async |step, replicas| {
                if step == when {
                    replicas[dies].kill().await;
                }
            })
            .await;
            world.replicas[dies].again().await;
        }
    }
    world.roles.stop().await;
}
