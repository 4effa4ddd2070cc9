// SPDX-License-Identifier: AGPL-3.0-or-later
//! What a service manager receives (`sd_notify`) from the processes of the DVP and a DVZA, over a socket of the test: nothing good before
//! they are ready, and each change after that.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // also in the helpers

use demo::{
    network::{DVZA_TWO, Network},
    roles::{Role, Roles},
};
use std::{
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A role as a process that a service manager started, and what the manager receives.
struct Service {
    process: Child,
    socket: UnixDatagram,
    signs_of_life: u32,
}

impl Service {
    fn start(network: &Network, role: Role) -> Self {
        let path = network.folder.join(format!("{}.notify", role.file()));
        // of the start before
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let program = if role == Role::Dvp { "dvp" } else { "dvza" };
        let process = Command::new(env!("CARGO_BIN_EXE_demo"))
            .args(["role", program])
            .arg(network.config_file(role.file()))
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "500000")
            .env_remove("WATCHDOG_PID")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            socket,
            signs_of_life: 0,
        }
    }

    /// The next datagram, whatever it says.
    fn hear_any(&mut self) -> String {
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).unwrap();
        let message = String::from_utf8_lossy(&message[..length]).into_owned();
        self.signs_of_life += u32::from(message == ALIVE);
        message
    }

    /// The next that is no sign of life.
    fn hear(&mut self) -> String {
        loop {
            let message = self.hear_any();
            if message != ALIVE {
                return message;
            }
        }
    }

    /// Receives until this, which nothing but reasons why it is not ready comes before.
    fn receives_at_last(&mut self, expected: &str) {
        loop {
            let message = self.hear();
            if message == expected {
                return;
            }
            assert!(message.starts_with("STATUS=not ready; "), "{message}");
        }
    }

    /// Two signs of life from now on, and nothing else between them.
    fn lives_on(&mut self) {
        for _ in 0..2 {
            assert_eq!(self.hear_any(), ALIVE);
        }
    }

    fn ask_to_stop(&self) {
        let asked = Command::new("sh")
            .args(["-c", &format!("kill -TERM {}", self.process.id())])
            .status()
            .unwrap();
        assert!(asked.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const ALIVE: &str = "WATCHDOG=1\n";

/// The certificate and key of a role, which somebody else's take the place of.
struct Files {
    own: [PathBuf; 2],
    other: [PathBuf; 2],
    kept: [Vec<u8>; 2],
}

impl Files {
    fn of(network: &Network, role: Role) -> Self {
        let node = if role == Role::Dvp {
            &network.dvp.node
        } else {
            &network.dvzas[0].node
        };
        let own = [node.chain.clone(), node.key.clone()];
        let other = ["pem", "key"].map(|ending| network.folder.join(format!("pki/{}.{ending}", DVZA_TWO[1])));
        let kept = own.each_ref().map(|path| std::fs::read(path).unwrap());
        Self { own, other, kept }
    }

    fn of_another(&self) {
        for (own, other) in self.own.iter().zip(&self.other) {
            replace(own, &std::fs::read(other).unwrap());
        }
    }

    fn right(&self) {
        for (own, kept) in self.own.iter().zip(&self.kept) {
            replace(own, kept);
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) {
    let aside = path.with_extension("new");
    std::fs::write(&aside, bytes).unwrap();
    std::fs::rename(aside, path).unwrap();
}

/// What `/ready` answers.
fn status(operator: SocketAddr) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(operator).unwrap();
    let request = format!("GET /ready HTTP/1.1\r\nHost: {operator}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn listens_to(role: Role) {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::build(folder.path()).unwrap();
    let (front, operator) = match role {
        Role::Dvp => (network.dvp.address, network.dvp.operator.unwrap()),
        _ => (network.dvzas[0].front, network.dvzas[0].operator.unwrap()),
    };

    // without a Stelselnode there are no lists: it ends, and never said that it is ready
    let mut service = Service::start(&network, role);
    let ended = service.process.wait().unwrap();
    assert!(!ended.success(), "{ended}");
    service.socket.set_nonblocking(true).unwrap();
    assert!(service.socket.recv(&mut [0; 4096]).is_err(), "nothing was said");
    drop(service);

    // with the certificate of another it listens, and is not ready
    let roles = Roles::start_these(&network, &[]).await.unwrap();
    let files = Files::of(&network, role);
    files.of_another();
    let mut service = Service::start(&network, role);
    let not_ready = "STATUS=not ready; credentials: does not hold the host name that is configured\n";
    service.receives_at_last(not_ready);
    TcpStream::connect(front).unwrap();
    assert_eq!(status(operator), 503);
    service.lives_on();

    // ready is reported once, at the moment at which /ready says so
    files.right();
    service.receives_at_last("READY=1\nSTATUS=ready\n");
    assert_eq!(status(operator), 200);
    service.lives_on();
    let (crl, away) = (network.folder.join("pki/0.crl"), network.folder.join("0.crl"));
    std::fs::rename(&crl, &away).unwrap();
    let message = service.hear();
    assert!(message.starts_with("STATUS=not ready; credentials: "), "{message}");
    assert_eq!(status(operator), 503);
    service.lives_on();
    std::fs::rename(&away, &crl).unwrap();
    assert_eq!(service.hear(), "STATUS=ready\n");

    service.ask_to_stop();
    assert_eq!(service.hear(), "STOPPING=1\nSTATUS=stopping\n");
    assert!(service.process.wait().unwrap().success());
    assert!(service.signs_of_life >= 6, "{}", service.signs_of_life);
    roles.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_receives_from_a_dvp_when_it_is_ready_why_it_is_not_and_when_it_stops() {
    listens_to(Role::Dvp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_manager_receives_from_a_dvza_when_it_is_ready_why_it_is_not_and_when_it_stops() {
    listens_to(Role::DvzaEen).await;
}
