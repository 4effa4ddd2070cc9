// SPDX-License-Identifier: AGPL-3.0-or-later
//! Tells two processes the time, kills one of them at its work every night, and counts what they asked.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant, SystemTime},
};

use medmij_dvp::collecting::{CollectingPolicy, Order, OrderStore};
use medmij_test::SeededEntropy;
use medmij_types::Entropy as _;

use crate::{
    place::{Place, Work},
    verdict::Verdict,
    world::{self, TICK, evening, micros, moment, morning},
};

/// All the nights.
pub(crate) fn run(place: &Place, accounts: u32, nights: u32, seed: u64) -> Result<Verdict, Box<dyn Error>> {
    let orders = world::orders(accounts)?;
    place.work(Give(orders.clone()))?;
    let folder = tempfile::tempdir()?;
    let entropy = SeededEntropy::new(seed);
    let mut verdict = Verdict::default();
    for night in 0..nights {
        verdict.nights += 1;
        verdict.kills += u32::from(one(place, folder.path(), night, &entropy)?);
    }
    judge(&orders, &asked(folder.path())?, nights, &mut verdict)?;
    verdict.orders_gone = place.work(Count(orders))?;
    Ok(verdict)
}

/// One night; whether a process was killed at its work.
fn one(place: &Place, folder: &Path, night: u32, entropy: &SeededEntropy) -> Result<bool, Box<dyn Error>> {
    let mut schedulers = Vec::new();
    for number in 0..2 {
        schedulers.push(Some(Scheduler::start(
            place,
            &folder.join(format!("{night}-{number}")),
        )?));
    }
    let victim = usize::try_from(night % 2)?;
    // the kill falls into the first hours, so that what the victim had leased can still be done
    let (from, after) = (draw(entropy, 12), 1 + draw(entropy, 3));
    let (mut now, close, mut killed) = (evening(night)?, morning(night)?, false);
    for tick in 0_u64.. {
        if now >= close {
            break;
        }
        if !killed
            && tick >= from
            && let Some(scheduler) = schedulers.get_mut(victim).and_then(Option::as_mut)
        {
            // it is asked first, so that there is work for it
            scheduler.tell(now)?;
            if scheduler.works(after)? {
                wait(Duration::from_micros(draw(entropy, 2_000)));
                scheduler.kill()?;
                killed = true;
                if let Some(place) = schedulers.get_mut(victim) {
                    *place = None;
                }
            }
        }
        for scheduler in schedulers.iter_mut().flatten() {
            if scheduler.is_done {
                scheduler.tell(now)?;
            }
        }
        for scheduler in schedulers.iter_mut().flatten() {
            scheduler.finish()?;
        }
        now += TICK;
        if killed && let Some(free @ None) = schedulers.get_mut(victim) {
            // it comes back, as another process
            *free = Some(Scheduler::start(place, &folder.join(format!("{night}-again")))?);
        }
    }
    for mut scheduler in schedulers.into_iter().flatten() {
        scheduler.kill()?;
    }
    Ok(killed)
}

struct Scheduler {
    process: Child,
    input: ChildStdin,
    said: Receiver<String>,
    is_done: bool,
}

impl Scheduler {
    fn start(place: &Place, asked: &Path) -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--child", &place.word()])
            .arg("--asked")
            .arg(asked)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output of the process")?;
        let input = process.stdin.take().ok_or("no input of the process")?;
        let (lines, said) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        let ready = said.recv()?;
        if ready != "ready" {
            return Err(format!("the process said {ready}").into());
        }
        Ok(Self {
            process,
            input,
            said,
            is_done: true,
        })
    }

    fn tell(&mut self, now: SystemTime) -> Result<(), Box<dyn Error>> {
        writeln!(self.input, "{}", micros(now))?;
        self.is_done = false;
        Ok(())
    }

    /// Waits until it asked so often, or is done; whether it is still at work.
    fn works(&mut self, after: u64) -> Result<bool, Box<dyn Error>> {
        let mut asked = 0;
        while asked < after {
            if self.said.recv()? == "done" {
                self.is_done = true;
                return Ok(false);
            }
            asked += 1;
        }
        Ok(true)
    }

    fn finish(&mut self) -> Result<(), Box<dyn Error>> {
        while !self.is_done {
            self.is_done = self.said.recv()? == "done";
        }
        Ok(())
    }

    /// On Unix this is SIGKILL.
    fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

/// What was asked of a Persoon's Aanbieders at a DVA: for how many Aanbieders, and when.
type Asked = BTreeMap<(u128, String), Vec<(usize, SystemTime)>>;

fn asked(folder: &Path) -> Result<Asked, Box<dyn Error>> {
    let mut asked = Asked::new();
    let files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    for file in files {
        for line in fs::read_to_string(file)?.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let [person, dva, orders, at] = words[..] else {
                return Err(format!("a line is {line}").into());
            };
            let times = asked.entry((person.parse()?, dva.to_owned())).or_default();
            times.push((orders.parse()?, moment(at.parse()?)));
        }
    }
    for times in asked.values_mut() {
        times.sort_by_key(|(_, at)| *at);
    }
    Ok(asked)
}

fn judge(orders: &[Order], asked: &Asked, nights: u32, verdict: &mut Verdict) -> Result<(), Box<dyn Error>> {
    let policy = CollectingPolicy::default();
    let mut ordered: BTreeMap<(u128, String), usize> = BTreeMap::new();
    for order in orders {
        *ordered
            .entry((order.person.number(), order.dva.to_string()))
            .or_default() += 1;
    }
    for (run, expected) in &ordered {
        let times = asked.get(run).map(Vec::as_slice).unwrap_or_default();
        verdict.asked += u64::try_from(times.len())?;
        for (at, (count, moment)) in times.iter().enumerate() {
            verdict.outside += u64::from(!policy.is_open(*moment));
            verdict.incomplete += u64::from(count != expected);
            let again = times.get(at + 1).map(|(_, next)| next.duration_since(*moment));
            verdict.repeated += u64::from(again.is_some_and(|rest| rest.is_ok_and(|rest| rest < policy.pause())));
        }
        let mut missed = false;
        for night in 0..nights {
            let (open, close) = (evening(night)?, morning(night)?);
            let this_night = times.iter().any(|(_, at)| (open..close).contains(at));
            let rests = times.iter().any(|(_, at)| *at < open && *at + policy.pause() >= close);
            verdict.due += u64::from(!rests);
            verdict.cut += u64::from(!rests && !this_night);
            verdict.lost += u64::from(missed && !this_night);
            missed = !this_night && !rests;
        }
    }
    Ok(())
}

struct Give(Vec<Order>);

impl Work for Give {
    type Output = ();

    async fn run<S: OrderStore + 'static>(self, store: S) -> Result<(), Box<dyn Error>> {
        world::give(store, self.0).await
    }
}

/// How many orders are not there any more.
struct Count(Vec<Order>);

impl Work for Count {
    type Output = u64;

    async fn run<S: OrderStore + 'static>(self, store: S) -> Result<u64, Box<dyn Error>> {
        let mut gone = 0;
        for order in self.0 {
            gone += u64::from(!store.orders(order.person).await?.contains(&order));
        }
        Ok(gone)
    }
}

/// A number below `most`.
fn draw(entropy: &SeededEntropy, most: u64) -> u64 {
    let mut bytes = [0; 8];
    // this source cannot fail
    let _ = entropy.fill(&mut bytes);
    u64::from_le_bytes(bytes) % most
}

/// Waits for a time that sleeping is too coarse for.
fn wait(time: Duration) {
    let before = Instant::now();
    while before.elapsed() < time {
        thread::yield_now();
    }
}
