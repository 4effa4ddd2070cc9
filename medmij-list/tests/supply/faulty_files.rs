// SPDX-License-Identifier: AGPL-3.0-or-later
//! File operations that fail when told: disk full, read-only, dead.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use medmij_list::supply::{FileLayer, LayerFile, OsFiles};

#[derive(Clone, Default)]
pub(crate) struct FaultyFiles(Arc<Switches>);

#[derive(Default)]
struct Switches {
    full: AtomicBool,
    read_only: AtomicBool,
    /// Operations until the process is dead, plus one; zero is "lives on".
    lives: AtomicU64,
    operations: AtomicU64,
}

impl FaultyFiles {
    /// Writing content fails half-way.
    pub(crate) fn set_full(&self, full: bool) {
        self.0.full.store(full, Ordering::SeqCst);
    }

    /// Nothing can be made, written, renamed or removed.
    pub(crate) fn set_read_only(&self, read_only: bool) {
        self.0.read_only.store(read_only, Ordering::SeqCst);
    }

    /// After this many operations nothing happens any more, as if the process had been killed.
    pub(crate) fn die_after(&self, operations: u64) {
        self.0.lives.store(operations + 1, Ordering::SeqCst);
    }

    /// How many operations that change something were asked for.
    pub(crate) fn operations(&self) -> u64 {
        self.0.operations.load(Ordering::SeqCst)
    }

    fn change(&self) -> io::Result<()> {
        self.0.operations.fetch_add(1, Ordering::SeqCst);
        match self.0.lives.load(Ordering::SeqCst) {
            0 => {}
            1 => return Err(io::Error::other("the process is dead")),
            lives => self.0.lives.store(lives - 1, Ordering::SeqCst),
        }
        if self.0.read_only.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.0.full.load(Ordering::SeqCst)
    }
}

impl FileLayer for FaultyFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn LayerFile>> {
        self.change()?;
        Ok(Box::new(FaultyFile {
            layer: self.clone(),
            path: path.to_owned(),
            file: OsFiles::default().create(path)?,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?;
        OsFiles::default().rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.change()?;
        OsFiles::default().sync_folder(folder)
    }

    fn append(&self, path: &Path, line: &[u8]) -> io::Result<()> {
        self.change()?;
        if self.is_full() {
            // half a line gets through
            let mut bytes = std::fs::read(path).unwrap_or_default();
            bytes.extend_from_slice(&line[..line.len() / 2]);
            std::fs::write(path, bytes)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        OsFiles::default().append(path, line)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        OsFiles::default().read(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        OsFiles::default().remove(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        OsFiles::default().names(folder)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.change()?;
        OsFiles::default().create_folder(folder)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send>> {
        self.change()?;
        OsFiles::default().lock(path)
    }
}

struct FaultyFile {
    layer: FaultyFiles,
    path: PathBuf,
    file: Box<dyn LayerFile>,
}

impl LayerFile for FaultyFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let alive = self.layer.change();
        if alive.is_err() || self.layer.is_full() {
            std::fs::write(&self.path, &bytes[..bytes.len() / 2])?;
            alive?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.layer.change()?;
        self.file.sync()
    }
}
