// SPDX-License-Identifier: AGPL-3.0-or-later
//! The rules as a model: what the digest of the framework says, with numbers for secrets and seconds for time.

use crate::cases::model::{CLIENTS, PERSONEN, SCOPES};

const LIFETIME: u64 = 900;
const HALF_A_YEAR: u64 = 182 * 86_400;
const RACE: u64 = 5;

pub(crate) struct Rules {
    pub(crate) now: u64,
    pub(crate) listed: [bool; 3],
    flows: Vec<Flow>,
    grants: Vec<Grant>,
    codes: Vec<Code>,
    refresh: Vec<Refresh>,
    access: Vec<Access>,
}

pub(crate) struct Flow {
    client: usize,
    scope: usize,
    beheren: bool,
    state: String,
    opened: u64,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    Landing,
    LoggingIn,
    Consent {
        persoon: usize,
    },
    Ended,
    Overview {
        persoon: usize,
    },
    Withdrawing {
        persoon: usize,
        client: usize,
        aanbieder: usize,
    },
    Closed,
}

struct Grant {
    persoon: usize,
    client: usize,
    scope: usize,
    langdurig: bool,
    ended: bool,
    live_until: u64,
}

struct Code {
    grant: usize,
    issued: u64,
    offered: bool,
    /// The certificate with which it was taken.
    taken: Option<usize>,
}

struct Refresh {
    grant: usize,
    issued: u64,
    /// The one for which it came.
    came_of: Option<usize>,
}

struct Access {
    grant: usize,
    issued: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            now: 0,
            listed: [true, true, false],
            flows: Vec::new(),
            grants: Vec::new(),
            codes: Vec::new(),
            refresh: Vec::new(),
            access: Vec::new(),
        }
    }
}

impl Rules {
    pub(crate) fn authorize(&mut self, client: usize, scope: usize, own: bool, beheren: bool, state: String) -> String {
        if !self.listed[client] || !own {
            return "page 400".to_owned();
        }
        if scope == 4 {
            return format!("https://{}/cb error=invalid_scope state={state}", CLIENTS[client]);
        }
        self.flows.push(Flow {
            client,
            scope,
            beheren,
            state,
            opened: self.now,
            stage: Stage::Landing,
        });
        "flow".to_owned()
    }

    pub(crate) fn answer(&mut self, flow: usize, answer: &str) -> String {
        let refused = "page 403".to_owned();
        if self.now >= self.flows[flow].opened + LIFETIME {
            return refused;
        }
        let Flow {
            client,
            scope,
            ref state,
            stage,
            ..
        } = self.flows[flow];
        let back = format!("https://{}/cb", CLIENTS[client]);
        let (stage, words) = match (stage, answer) {
            (Stage::Landing | Stage::LoggingIn, "login") => (Stage::LoggingIn, "login".to_owned()),
            (Stage::Landing | Stage::LoggingIn, "cancel") => (Stage::Ended, "on".to_owned()),
            (Stage::Consent { persoon }, "yes" | "yes&langdurig=yes") => {
                let words = format!("{back} code state={state}");
                self.grant(persoon, client, scope, answer != "yes");
                (Stage::Closed, words)
            }
            // autoriseren 1 and 2, and whatever else ends: the DVP sees one thing
            (Stage::Consent { .. }, "no") | (Stage::Ended, "back") => {
                (Stage::Closed, format!("{back} error=access_denied state={state}"))
            }
            (Stage::Overview { .. }, "back") => (Stage::Closed, format!("{back} state={state}")),
            (Stage::Overview { persoon }, "stop&number=0") => match self.first_langdurig(persoon) {
                Some((client, aanbieder)) => (
                    Stage::Withdrawing {
                        persoon,
                        client,
                        aanbieder,
                    },
                    "on".to_owned(),
                ),
                None => return refused,
            },
            (
                Stage::Withdrawing {
                    persoon,
                    client,
                    aanbieder,
                },
                "yes" | "yes&langdurig=yes",
            ) => {
                self.withdraw(persoon, client, aanbieder);
                (Stage::Overview { persoon }, "on".to_owned())
            }
            (Stage::Withdrawing { persoon, .. }, "no") => (Stage::Overview { persoon }, "on".to_owned()),
            _ => return refused,
        };
        self.flows[flow].stage = stage;
        words
    }

    pub(crate) fn login(&mut self, flow: usize, how: usize, persoon: usize) -> String {
        let now = self.now;
        let flow = &mut self.flows[flow];
        if now >= flow.opened + LIFETIME || flow.stage != Stage::LoggingIn {
            return "page 403".to_owned();
        }
        flow.stage = match how {
            3 | 4 => Stage::Ended,
            _ if flow.beheren => Stage::Overview { persoon },
            5 => Stage::Ended,
            _ => Stage::Consent { persoon },
        };
        "on".to_owned()
    }

    pub(crate) fn token(&mut self, code: usize, client: usize, peer: usize, own_redirect: bool) -> String {
        let Code {
            grant,
            issued,
            offered,
            taken,
        } = self.codes[code];
        // core.tknint.204: every offer counts
        self.codes[code].offered = true;
        if !self.is_client(client, peer) {
            return "401 invalid_client".to_owned();
        }
        let refused = "400 invalid_grant".to_owned();
        let of_client = self.grants[grant].client == client;
        if offered {
            // core.tknint.203: a second one ends what came of the first, where client and certificate are those of the grant
            if of_client && (client == peer || taken == Some(peer)) {
                self.grants[grant].ended = true;
            }
            return refused;
        }
        if self.now >= issued + LIFETIME || !of_client || !own_redirect || self.grants[grant].ended {
            return refused;
        }
        self.codes[code].taken = Some(peer);
        self.issue(grant, None)
    }

    pub(crate) fn refresh(&mut self, token: usize, client: usize, peer: usize) -> String {
        if !self.is_client(client, peer) {
            return "401 invalid_client".to_owned();
        }
        let grant = self.refresh[token].grant;
        let refused = "400 invalid_grant".to_owned();
        let dead = self.grants[grant].ended || self.now >= self.grants[grant].live_until;
        if dead || self.grants[grant].client != client {
            return refused;
        }
        let current = (0..self.refresh.len())
            .rev()
            .find(|at| self.refresh[*at].grant == grant);
        let current = current.expect("a token of this grant");
        if token == current {
            return self.issue(grant, Some(token));
        }
        if self.refresh[current].came_of != Some(token) {
            self.grants[grant].ended = true;
            return refused;
        }
        if self.now < self.refresh[current].issued + RACE {
            return "503 temporarily_unavailable".to_owned();
        }
        self.issue(grant, Some(token))
    }

    pub(crate) fn guard(&self, token: usize, gegevensdienst: &str) -> String {
        let Access { grant, issued } = self.access[token];
        let Grant {
            persoon,
            client,
            scope,
            ended,
            ..
        } = self.grants[grant];
        // the guard is asked with the certificate of the first client
        let of_another = client != 0 && self.listed[0];
        if ended || self.now >= issued + LIFETIME || !self.listed[client] || of_another {
            return "401".to_owned();
        }
        // I12: consent to notifications gives no data
        // core.rscint.200: it is asked for the first Aanbieder, and scope 1 is of another
        let covered = match scope {
            0 => ["42", "48"].contains(&gegevensdienst),
            2 => gegevensdienst == "53",
            _ => false,
        };
        if covered {
            format!("{} of {}", PERSONEN[persoon], CLIENTS[client])
        } else {
            "403".to_owned()
        }
    }

    /// A certificate that is of no client of the list is learned.
    fn is_client(&self, client: usize, peer: usize) -> bool {
        self.listed[client] && (client == peer || !self.listed[peer])
    }

    fn grant(&mut self, persoon: usize, client: usize, scope: usize, langdurig: bool) {
        self.codes.push(Code {
            grant: self.grants.len(),
            issued: self.now,
            offered: false,
            taken: None,
        });
        self.grants.push(Grant {
            persoon,
            client,
            scope,
            // G16, I12: never for Delen and Abonneren
            langdurig: langdurig && scope < 2,
            ended: false,
            live_until: self.now + LIFETIME,
        });
    }

    fn issue(&mut self, grant: usize, came_of: Option<usize>) -> String {
        let of = &mut self.grants[grant];
        self.access.push(Access {
            grant,
            issued: self.now,
        });
        // never more than was granted, whatever is asked or offered since
        let scope = match of.scope {
            0 | 1 => "42 48",
            3 => "subscribe~90/eenofanderezorgaanbieder~42",
            other => SCOPES[other],
        };
        if !of.langdurig {
            return scope.to_owned();
        }
        of.live_until = self.now + HALF_A_YEAR;
        self.refresh.push(Refresh {
            grant,
            issued: self.now,
            came_of,
        });
        format!("{scope} and on")
    }

    /// The first line of the Toestemmingsoverzicht: by name of the DVP, then of the Aanbieder.
    fn first_langdurig(&self, persoon: usize) -> Option<(usize, usize)> {
        self.grants
            .iter()
            .filter(|grant| grant.persoon == persoon && grant.langdurig && !grant.ended && grant.live_until > self.now)
            .map(|grant| (grant.client, grant.scope))
            .min_by_key(|(client, scope)| (CLIENTS[*client], SCOPES[*scope]))
    }

    fn withdraw(&mut self, persoon: usize, client: usize, aanbieder: usize) {
        for grant in &mut self.grants {
            let at_aanbieder = (grant.scope == 1) == (aanbieder == 1);
            if grant.persoon == persoon && grant.client == client && at_aanbieder {
                grant.ended = true;
            }
        }
    }
}
