// SPDX-License-Identifier: AGPL-3.0-or-later
//! A DVP that goes on: gets a code, offers it, and tries again as long as the answer is 503.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    socket::{Connection, Dialer},
    token,
    work::Failure,
    world::{BASE, Folder},
};

/// What came of one code.
pub(crate) struct Offered {
    /// Whether one offered it, or two at once.
    pub(crate) alone: bool,
    /// The access tokens that were handed out.
    pub(crate) tokens: Vec<String>,
    /// How many answers were 503.
    pub(crate) refused: usize,
}

pub(crate) struct Offerer {
    front: Connection,
    back: [Connection; 2],
}

impl Offerer {
    pub(crate) async fn new(folder: &Folder) -> Result<Self, Failure> {
        let (addresses, tls) = (folder.addresses()?, folder.client()?);
        let back = Dialer::new(Arc::clone(&tls), addresses.back);
        Ok(Self {
            front: Dialer::new(tls, addresses.front).dial().await?,
            back: [back.dial().await?, back.dial().await?],
        })
    }

    pub(crate) async fn one_code(&mut self, alone: bool) -> Result<Offered, Failure> {
        let code = loop {
            let answer = self.front.get("/load/codes?n=1", "").await?;
            if answer.status == 200 {
                break answer.text().to_owned();
            }
            pause().await;
        };
        let [first, second] = &mut self.back;
        let answers = if alone {
            vec![offer(first, &code).await?]
        } else {
            let (first, second) = tokio::join!(offer(first, &code), offer(second, &code));
            vec![first?, second?]
        };
        Ok(Offered {
            alone,
            refused: answers.iter().map(|(_, refused)| refused).sum(),
            tokens: answers.into_iter().filter_map(|(token, _)| token).collect(),
        })
    }
}

/// The token, if there was one, and how many answers were 503.
async fn offer(connection: &mut Connection, code: &str) -> Result<(Option<String>, usize), Failure> {
    let mut refused = 0;
    loop {
        let since = Instant::now();
        let answer = connection
            .post(&format!("{BASE}/token"), &token::ids()?, &token::form(code))
            .await?;
        if since.elapsed() > LATEST {
            return Err(format!("an answer took {:?}", since.elapsed()).into());
        }
        match (answer.status, answer.retry_after) {
            (200, _) => {
                let (_, rest) = answer
                    .text()
                    .split_once("\"access_token\":\"")
                    .ok_or("answer has no token")?;
                return Ok((rest.split('"').next().map(str::to_owned), refused));
            }
            (400, _) => return Ok((None, refused)),
            (503, true) => refused += 1,
            (status, _) => return Err(format!("status {status}").into()),
        }
        pause().await;
    }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

/// R8: five seconds; the machine may be busy.
const LATEST: Duration = Duration::from_secs(6);
