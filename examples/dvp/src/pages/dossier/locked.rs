// SPDX-License-Identifier: AGPL-3.0-or-later
//! Everything to take along in one file with a password: a page that any browser opens without a connection, and that unlocks
//! itself (PBKDF2 with SHA-256, AES-256-GCM). It is made in memory and goes to the browser; nothing of it stays here.

use super::{export, print, report};
use crate::{
    App,
    account::{Weak, check_password, events::Event},
    form::Fields,
    gate::{SignedIn, Visitor},
    html,
};
use aes_gcm::{
    Aes256Gcm, KeyInit as _,
    aead::{Aead as _, Nonce},
};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{StatusCode, header};
use medmij_types::{Entropy as _, OsEntropy};
use serde::Serialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// As OWASP asks for PBKDF2 with SHA-256 (2023): a guess takes a while.
const ROUNDS: u32 = 600_000;

/// A file in it.
#[derive(Serialize)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The page around what is locked: it holds its style and its script, since it is read where we are not.
#[derive(Template)]
#[template(path = "dossier/locked.html")]
struct LockedPage {
    salt: String,
    nonce: String,
    sealed: String,
    rounds: u32,
    style: &'static str,
    script: &'static str,
}

pub(super) async fn locked(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    visitor: Visitor,
    fields: Fields,
) -> Response {
    let password = Zeroizing::new(fields.text("password").to_owned());
    if let Err(weak) = check_password(&password, "") {
        let problem = match weak {
            Weak::Long => "Dit wachtwoord is te lang. Neem niet meer dan 200 tekens.",
            Weak::Short => "Dit wachtwoord is te kort. Neem minstens 12 tekens, bijvoorbeeld een korte zin.",
            _ => "Dit wachtwoord is te makkelijk te raden. Neem bijvoorbeeld vier losse woorden.",
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return export::export_page(&app, &signed_in, &visitor, status, Some(problem)).await;
    }
    let opened = match super::open(&app, &signed_in, &visitor).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    let rapport = match report::text(&app, &signed_in).await {
        Ok(rapport) => rapport,
        Err(error) => return html::outage(&visitor, &error),
    };
    let kept = match print::to_keep(&opened) {
        Ok(kept) => kept,
        Err(error) => return html::outage(&visitor, &error),
    };
    let mut files = vec![
        File {
            name: "dossier.html",
            kind: "text/html",
            text: kept,
        },
        File {
            name: report::NAME,
            kind: "application/xml",
            text: rapport,
        },
    ];
    files.extend(export::bundles(opened.items));
    let made = tokio::task::spawn_blocking(move || lock(&files, &password)).await;
    let page = match made {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => return html::outage(&visitor, &*error),
        Err(error) => return html::outage(&visitor, &error),
    };
    app.record(signed_in.person(), Event::CopyTaken).await;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"dossier-met-wachtwoord.html\"",
        ),
    ];
    (headers, page).into_response()
}

fn lock(files: &[File], password: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let plain = Zeroizing::new(serde_json::to_vec(files)?);
    let (mut salt, mut nonce, mut key) = ([0; 16], [0; 12], Zeroizing::new([0; 32]));
    OsEntropy.fill(&mut salt)?;
    OsEntropy.fill(&mut nonce)?;
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), &salt, ROUNDS, key.as_mut_slice());
    let cipher = Aes256Gcm::new_from_slice(key.as_slice()).map_err(|_| "key of the file")?;
    let sealed = cipher.encrypt(&Nonce::<Aes256Gcm>::from(nonce), plain.as_slice());
    let page = LockedPage {
        salt: STANDARD.encode(salt),
        nonce: STANDARD.encode(nonce),
        sealed: STANDARD.encode(sealed.map_err(|_| "file is too large to lock")?),
        rounds: ROUNDS,
        style: include_str!("../../../static/locked.css"),
        script: include_str!("../../../static/locked.js"),
    };
    Ok(page.render()?)
}
