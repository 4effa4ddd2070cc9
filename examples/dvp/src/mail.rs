// SPDX-License-Identifier: AGPL-3.0-or-later
//! Where e-mail goes: a port, and a folder behind it. A mail server of one's own takes the files from there, or another
//! [`Mail`] takes the place of the folder.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use medmij_types::{Entropy as _, EntropyError, OsEntropy};
use std::{io::Write as _, path::PathBuf};

/// Sends e-mail. What is sent holds nothing of anybody's health.
pub(crate) trait Mail: Send + Sync {
    fn send(&self, to: &str, subject: &str, body: &str) -> Result<(), MailError>;
}

/// An e-mail was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("e-mail cannot be written")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error("e-mail address is none")]
    Address,
}

/// A folder, with a file for each e-mail (RFC 5322), which only its owner reads.
pub(crate) struct MailFolder(PathBuf);

impl MailFolder {
    /// A folder, made where there is none.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, MailError> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Mail for MailFolder {
    fn send(&self, to: &str, subject: &str, body: &str) -> Result<(), MailError> {
        if to.is_empty() || to.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(MailError::Address);
        }
        let mut name = [0; 16];
        OsEntropy.fill(&mut name)?;
        let name = format!("{:032x}", u128::from_be_bytes(name));
        // base64 keeps the header one line, whatever the subject is (RFC 2047)
        let subject = STANDARD.encode(subject);
        let text = format!(
            "To: {to}\r\nSubject: =?utf-8?B?{subject}?=\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
        );
        let aside = self.0.join(format!("{name}.new"));
        let mut open = std::fs::OpenOptions::new();
        open.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
        let mut file = open.open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(std::fs::rename(aside, self.0.join(format!("{name}.eml")))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_a_file_and_no_address_or_subject_adds_a_header() {
        let folder = tempfile::tempdir().unwrap();
        let mail = MailFolder::open(folder.path().join("post")).unwrap();
        mail.send("w@example.nl", "Kijk\r\nBcc: x@example.nl", "Er staat iets klaar.")
            .unwrap();
        assert!(matches!(
            mail.send("w@example.nl\r\nBcc: x@example.nl", "Kijk", "Tekst"),
            Err(MailError::Address)
        ));
        let files: Vec<_> = std::fs::read_dir(folder.path().join("post")).unwrap().collect();
        assert_eq!(files.len(), 1);
        let text = std::fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("To: w@example.nl\r\n") && !head.contains("Bcc"),
            "{head}"
        );
        assert_eq!(body, "Er staat iets klaar.\r\n");
    }
}
