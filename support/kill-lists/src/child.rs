// SPDX-License-Identifier: AGPL-3.0-or-later
//! The process that is killed: it takes over what is kept, and then refreshes as fast as it can.

use std::{
    error::Error,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use medmij_list::supply::{FileLayer, LayerFile, OsFiles, Step};

use crate::list;

/// Runs until it is killed.
pub(crate) fn run(folder: &Path, hosts: u32) -> Result<(), Box<dyn Error>> {
    let mut supply = list::supply(folder, Arc::new(TellingFiles(OsFiles::default())))?;
    supply.restore();
    let mut number = supply.cache().floor().map_or(0, |floor| floor.value());
    tell(&format!("restored {number}"))?;
    loop {
        supply.fetch_now();
        let Step::Fetch(ticket) = supply.step() else { continue };
        number += 1;
        supply.arrived(ticket, Ok(list::publish(number, hosts)), 0.5).result?;
        tell(&format!("force {number}"))?;
    }
}

/// One line to the parent, at once.
fn tell(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// The files of the system; tells when a new copy was opened.
struct TellingFiles(OsFiles);

impl FileLayer for TellingFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn LayerFile>> {
        let file = self.0.create(path)?;
        if path.as_os_str().as_encoded_bytes().ends_with(b".xml.part") {
            tell("opened")?;
        }
        Ok(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.sync_folder(folder)
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        self.0.append(path, line)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.0.names(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.create_folder(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        self.0.lock(path)
    }
}
