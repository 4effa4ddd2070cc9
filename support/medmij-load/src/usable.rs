// SPDX-License-Identifier: AGPL-3.0-or-later
//! `medmij-load usable` — core.alst.201: how long it takes until a Zorgaanbiederslijst that was fetched can be used.
//!
//! Lists of the size of the real one are offered by a source that has them in memory, to the supply that a Node has: read,
//! validated, indexed, judged against the memory, stored in a folder so that it outlives a loss of power, and put in place.
//! What the network takes comes on top. What is done after that, the journal and the memory, is shown beside it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use medmij_list::{
    ListCache, ListKind, ReadOptions, RefreshPolicy, Snapshot, Source, SourceError,
    supply::{FileStorage, ListSupply, SourceName},
};
use medmij_types::{Clock, OsEntropy, SystemClock, Tijdstempel, Volgnummer};
use medmij_zal::{
    Aanbiedertype, GegevensdienstDraft, InterfaceversieDraft, SysteemrolDraft, ZorgaanbiederDraft, Zorgaanbiederslijst,
    ZorgaanbiederslijstDraft,
};

use crate::{
    measure::{Summary, Timings},
    work::Failure,
};

/// How large, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Zorgaanbieders of a list; the real one has about 4,700.
    #[arg(long, default_value_t = 4_700)]
    zorgaanbieders: usize,
    /// Gegevensdiensten of each.
    #[arg(long, default_value_t = 2)]
    services: usize,
    /// Lists that are taken, each newer than the one before.
    #[arg(long, default_value_t = 50)]
    lists: u32,
    /// Where lists are stored; a folder of the machine's temporary files by default.
    #[arg(long)]
    folder: Option<std::path::PathBuf>,
    /// Fails where half of them take longer than 25 ms.
    #[arg(long)]
    promise: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let place = match &args.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    // one to begin with, and then those that are counted
    let lists = (1..=args.lists + 1).map(|number| Ok(list(number, &args)?.into_bytes()));
    let lists = lists.collect::<Result<VecDeque<_>, Failure>>()?;
    let bytes = lists.front().map_or(0, Vec::len);

    let mut reading = Timings::default();
    let began = Instant::now();
    for bytes in lists.iter().skip(1).cloned() {
        let started = Instant::now();
        let read = Snapshot::<Zorgaanbiederslijst>::read(bytes, &ReadOptions::default())?;
        reading.add(started.elapsed());
        drop(read);
    }
    let reading = reading.summary(began.elapsed());

    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let policy = RefreshPolicy::for_list(ListKind::Zorgaanbiederslijst);
    let cache = Arc::new(ListCache::<Zorgaanbiederslijst>::new(policy, Arc::clone(&clock)));
    let source = InMemory::default();
    source.0.lock().unwrap_or_else(PoisonError::into_inner).lists = lists;
    let storage = Arc::new(FileStorage::open(place.path().join("kept"))?);
    let supply = ListSupply::new(
        SourceName::parse("stelselnode.example.nl")?,
        2,
        Arc::clone(&cache),
        storage,
        clock,
    );
    let running = supply.start(source.clone(), OsEntropy).await?;
    let (mut usable, mut remembered) = (Timings::default(), Timings::default());
    let began = Instant::now();
    for number in 2..=args.lists + 1 {
        let (watched, fetched) = (Arc::clone(&cache), source.clone());
        let in_place = std::thread::spawn(move || {
            while !is_in_place(&watched, number) {
                std::thread::sleep(WATCH);
            }
            fetched.since_fetched()
        });
        running.refresh().await?;
        remembered.add(source.since_fetched());
        if !is_in_place(&cache, number) {
            return Err("another list than the newest is in place".into());
        }
        usable.add(in_place.join().map_err(|_| "nobody watched")?);
    }
    let (usable, remembered) = (usable.summary(began.elapsed()), remembered.summary(began.elapsed()));
    println!(
        "a Zorgaanbiederslijst of {} zorgaanbieders with {} gegevensdiensten each, {} KiB\n",
        args.zorgaanbieders,
        args.services,
        bytes / 1024
    );
    println!("|  | lists | per s | p50 ms | p99 ms | max ms |\n| --- | --- | --- | --- | --- | --- |");
    println!("| read, validated, indexed | {} |", reading.cells());
    println!(
        "| fetched to usable: the same, judged, stored, put in place | {} |",
        usable.cells()
    );
    println!("| the same, journalled and remembered | {} |", remembered.cells());
    kept(&args, &usable)
}

/// How often it is looked whether a list is in place.
const WATCH: std::time::Duration = std::time::Duration::from_micros(100);

fn is_in_place(cache: &ListCache<Zorgaanbiederslijst>, number: u32) -> bool {
    let there = cache.current();
    there.is_some_and(|list| list.header().volgnummer().value() == u64::from(number))
}

fn kept(args: &Args, usable: &Summary) -> Result<(), Failure> {
    if args.promise && usable.p50() > std::time::Duration::from_millis(25) {
        return Err("a promise was not kept: 25 ms".into());
    }
    Ok(())
}

/// A source that has everything, and remembers when it gave it.
#[derive(Clone, Default)]
struct InMemory(Arc<Mutex<Stock>>);

#[derive(Default)]
struct Stock {
    lists: VecDeque<Vec<u8>>,
    given: Option<Instant>,
}

impl InMemory {
    fn since_fetched(&self) -> std::time::Duration {
        let stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stock.given.map(|given| given.elapsed()).unwrap_or_default()
    }
}

impl Source for InMemory {
    async fn fetch(&self, _: ListKind) -> Result<Vec<u8>, SourceError> {
        let mut stock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let list = stock
            .lists
            .pop_front()
            .ok_or_else(|| SourceError::new("no more lists"))?;
        stock.given = Some(Instant::now());
        Ok(list)
    }
}

fn list(number: u32, args: &Args) -> Result<String, Failure> {
    let stamp = Tijdstempel::parse(&format!("2026-03-29T12:{:02}:{:02}Z", number / 60 % 60, number % 60))?;
    let mut list = ZorgaanbiederslijstDraft::new(stamp, Volgnummer::parse(&number.to_string())?);
    for at in 0..args.zorgaanbieders {
        let mut version = InterfaceversieDraft::new("2".parse()?);
        for service in 0..args.services {
            let host = format!("dvza{}.example.nl", at % 97);
            let mut offered = GegevensdienstDraft::new(
                (service + 41).to_string().parse()?,
                format!("https://login.{host}/oauth/authorize").parse()?,
                format!("https://{host}/oauth/token").parse()?,
            );
            let resources = format!("https://{host}/fhir/{at}/{service}").parse()?;
            offered
                .systeemrollen
                .push(SysteemrolDraft::new("MM-3.0-BZB-FHIR".parse()?, resources));
            version.gegevensdiensten.push(offered);
        }
        let name = format!("zorgaanbieder{at}").parse()?;
        let mut aanbieder = ZorgaanbiederDraft::new(name, Aanbiedertype::Zorgaanbieder);
        aanbieder.interfaceversies.push(version);
        list.zorgaanbieders.push(aanbieder);
    }
    Ok(list.to_xml_release3()?)
}
