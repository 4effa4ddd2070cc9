// SPDX-License-Identifier: AGPL-3.0-or-later
//! The tests of the crate from outside, in one program, so that one is linked: `--test integration NAME::`.

mod automatic;
mod browser;
mod children;
mod collecting;
mod consents;
mod delen;
mod dossier;
mod gate;
mod logging;
mod messages;
mod plain;
mod plain_dutch;
mod planted;
mod readiness;
mod replicas;
mod requirements;
mod stopping;
mod systemd;
mod upgrade;
mod verzamelen;
mod walkthrough;
