// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a Node looks at itself: its lists, its credentials, its folder and its clock

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use medmij_list::{List, ListCache};
use medmij_net::{Credentials, RevocationPolicy};
use medmij_types::{Clock, Hostname};

use super::{Observed, Probe, monitor::POLL};

pub(crate) fn list<L: List>(cache: &Arc<ListCache<L>>, needed: bool) -> Probe {
    let cache = Arc::clone(cache);
    Probe::new(L::KIND.to_string(), move || {
        let observed = Observed::List {
            kind: L::KIND,
            needed,
            freshness: cache.freshness(),
            age: cache.age(),
        };
        async move { vec![observed] }
    })
}

/// Looks at the credentials in use.
pub(crate) fn credentials(
    hostname: &Hostname,
    in_use: impl Fn() -> Option<(Credentials, Option<String>)> + Send + Sync + 'static,
    clock: &Arc<dyn Clock>,
) -> Probe {
    let (hostname, clock) = (hostname.clone(), Arc::clone(clock));
    Probe::new("credentials", move || {
        let observed = in_use().map(|(credentials, files)| see(&hostname, &credentials, files, clock.now()));
        async move { observed.unwrap_or_default() }
    })
}

fn see(hostname: &Hostname, credentials: &Credentials, files: Option<String>, now: SystemTime) -> Vec<Observed> {
    let identity = &credentials.identity;
    let mut observed = vec![
        Observed::Files(files),
        Observed::Identity(credentials.own_fault(now)),
        Observed::Name {
            held: identity.names().contains(hostname),
        },
        Observed::Certificate {
            left: left(identity.not_after(), now),
        },
    ];
    let hard_fail = credentials.revocation.policy() == RevocationPolicy::HardFail;
    observed.extend(credentials.revocation.crls().map(|crl| Observed::Crl {
        left: left(crl.next_update, now),
        issuer: crl.issuer,
        hard_fail,
    }));
    observed
}

/// Writes a small file into the folder, and asks how much room there is.
pub(crate) fn folder(part: &str, folder: PathBuf) -> Probe {
    Probe::new(part, move || {
        let path = folder.clone();
        async move {
            let looked = tokio::task::spawn_blocking(move || {
                let fault = write_within(&path).err().map(|error| error.to_string());
                Observed::Folder {
                    fault,
                    room: room_in(&path),
                }
            });
            vec![looked.await.unwrap_or(Observed::Silent)]
        }
    })
}

/// How many files are open, where the system tells it.
pub(crate) fn descriptors() -> Probe {
    Probe::new("descriptors", || {
        let observed = open_files().map(|(open, limit)| Observed::Descriptors { open, limit });
        async move { observed.into_iter().collect() }
    })
}

#[cfg(unix)]
fn open_files() -> Option<(u64, u64)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    Some((u64::try_from(open).ok()?, limit))
}

#[cfg(not(unix))]
fn open_files() -> Option<(u64, u64)> {
    None
}

/// How far the wall clock went another way than the monotonic one. A jump is forgotten as fast as time passes.
pub(crate) fn clock(clock: &Arc<dyn Clock>) -> Probe {
    let clock = Arc::clone(clock);
    let expected = Mutex::new((clock.now(), clock.monotonic()));
    Probe::new("clock", move || {
        let mut expected = expected.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, monotonic) = (clock.now(), clock.monotonic());
        let should_be = expected.0 + monotonic.saturating_sub(expected.1);
        let apart = match now.duration_since(should_be) {
            Ok(ahead) => ahead,
            Err(behind) => behind.duration(),
        };
        // small differences are the clock being disciplined; of a large one this much is forgotten at each look
        let forgotten = apart.min(POLL);
        let right = if now > should_be {
            should_be + forgotten
        } else {
            should_be - forgotten
        };
        *expected = (right, monotonic);
        async move { vec![Observed::Clock { apart }] }
    })
}

fn left(end: SystemTime, now: SystemTime) -> Duration {
    end.duration_since(now).unwrap_or_default()
}

fn write_within(folder: &Path) -> io::Result<()> {
    let path = folder.join(".probe");
    // an earlier one, or what another put there, which is not written into
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::create_new(&path)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    std::fs::remove_file(&path)
}

#[cfg(unix)]
fn room_in(folder: &Path) -> Option<u64> {
    let file_system = rustix::fs::statvfs(folder).ok()?;
    Some(file_system.f_bavail.saturating_mul(file_system.f_frsize))
}

#[cfg(not(unix))]
fn room_in(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use medmij_test::ManualClock;

    use super::super::{Alarms, monitor::Monitor};
    use super::*;

    #[tokio::test]
    async fn a_clock_that_jumps_is_seen_and_forgotten_as_time_passes() {
        let manual = Arc::new(ManualClock::starting_now());
        let shared: Arc<dyn Clock> = Arc::clone(&manual) as _;
        let monitor = Monitor::new(Alarms::default(), Arc::clone(&shared));
        monitor.add(clock(&shared));
        assert!(monitor.look().await.findings.is_empty());
        for ahead in [true, false] {
            let jump = Duration::from_secs(90);
            manual.jump_to(if ahead {
                manual.now() + jump
            } else {
                manual.now() - jump
            });
            let mut looks = 0;
            while !monitor.look().await.findings.is_empty() {
                manual.advance(POLL);
                looks += 1;
                assert!(looks < 20, "{}", monitor.readiness());
            }
            assert_eq!(looks, 6, "90 s become 60 in steps of 5");
            // and what is left goes as well
            for _ in 0..20 {
                monitor.look().await;
            }
        }
    }

    #[tokio::test]
    async fn a_folder_is_tried_by_writing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("kept");
        let monitor = Monitor::new(Alarms::default(), Arc::new(ManualClock::starting_now()));
        monitor.add(folder("folder", path.clone()));
        assert!(!monitor.look().await.is_ready(), "there is none");
        std::fs::create_dir(&path).unwrap();
        assert!(monitor.look().await.is_ready());
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0, "nothing is left behind");
    }
}
