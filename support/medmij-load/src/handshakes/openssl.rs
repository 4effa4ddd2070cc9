// SPDX-License-Identifier: AGPL-3.0-or-later
//! `openssl s_time` against the same listener: a client that is not ours.

use std::{net::SocketAddr, path::Path};

use tokio::process::Command;

/// The cells of a row: handshakes and how many a second. It makes one after the other and sends no request.
pub(super) async fn time(folder: &Path, address: SocketAddr, seconds: u64, pinned: bool) -> Result<String, String> {
    let path = |name: &str| folder.join(name).display().to_string();
    let seconds = seconds.max(1).to_string();
    let mut command = if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "1", "openssl"]);
        command
    } else {
        Command::new("openssl")
    };
    command
        .args(["s_time", "-new", "-tls1_3", "-time", &seconds])
        .args(["-connect", &address.to_string()])
        .args(["-cert", &path("client.pem"), "-key", &path("client.key")])
        // the authorities above its own certificate come from here too
        .args(["-CAfile", &path("above.pem")]);
    let ran = command.output().await.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let line = said
        .lines()
        .find(|line| line.contains(" connections in ") && line.contains("real seconds"))
        .ok_or_else(|| {
            format!(
                "no figures ({})",
                String::from_utf8_lossy(&ran.stderr).lines().next().unwrap_or("-")
            )
        })?;
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
    let (Some(count), Some(time)) = (numbers.next(), numbers.next()) else {
        return Err(format!("figures that cannot be read: {line}"));
    };
    Ok(format!(
        "openssl s_time, one at a time, three small CRLs | {count} | {:.0} | | |",
        count / time.max(1.0)
    ))
}
