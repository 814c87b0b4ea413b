//! `--stream`: files that are read from disk in pieces while the mail is sent.
//!
//! A device would read a flash chip or a memory card here.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};

/// A file to be sent without being held in memory.
#[derive(Debug)]
pub struct OnDisk {
    path: String,
    file: File,
    /// As it was when the file was opened. What is appended later is not sent.
    pub length: Option<u32>,
}

impl OnDisk {
    pub fn open(path: &str) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        // Pipes have no length, and some files of the system say 0.
        let length = Some(metadata.len()).filter(|length| metadata.is_file() && *length > 0);
        Ok(Self {
            path: path.into(),
            file,
            length: length.and_then(|length| u32::try_from(length).ok()),
        })
    }
}

/// Reads a file from its beginning, once for each mail.
#[derive(Debug)]
pub struct Source<'a> {
    on_disk: &'a OnDisk,
    octets: u64,
    /// Why it cannot be read.
    error: Option<io::Error>,
}

impl<'a> Source<'a> {
    pub fn new(on_disk: &'a OnDisk) -> Self {
        Self {
            on_disk,
            octets: 0,
            error: None,
        }
    }

    /// Whether it can be read more than once.
    pub fn is_seekable(&self) -> bool {
        let mut file = &self.on_disk.file;
        file.stream_position().is_ok()
    }

    /// Goes back to the beginning.
    pub fn rewind(&mut self) {
        let mut file = &self.on_disk.file;
        if self.octets > 0 {
            self.error = file.rewind().err();
            self.octets = 0;
        }
    }

    /// Why it could not be read, in one line for a person.
    pub fn complaint(&self) -> Option<String> {
        let path = &self.on_disk.path;
        let error = self.error.as_ref()?;
        Some(format!("cannot read {path} ({error}) while it is sent"))
    }

    pub fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let result = self.read_some(buf);
        if let Err(error) = &result {
            self.error = Some(io::Error::new(error.kind(), error.to_string()));
        }
        result
    }

    fn read_some(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let mut rest = u64::MAX;
        if let Some(length) = self.on_disk.length {
            rest = u64::from(length) - self.octets;
        }
        let mut file = (&self.on_disk.file).take(rest);
        loop {
            match file.read(buf) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(octets) => {
                    self.octets += octets as u64;
                    return Ok(octets);
                }
            }
        }
    }
}

impl embedded_io::ErrorType for Source<'_> {
    type Error = io::Error;
}

impl embedded_io::Read for Source<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Source::read(self, buf)
    }
}

/// A disk answers at once, or as good as: it is not waited for.
impl embedded_io_async::Read for Source<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Source::read(self, buf)
    }
}
