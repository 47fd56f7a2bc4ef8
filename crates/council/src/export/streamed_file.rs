//! A file that can be sent while it is written. As it grows, it reports how much may be read. The
//! last piece may only be read once the file is released, so nobody gets a whole file that is not
//! in the audit log.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

/// How many bytes are written and reported at once.
const PIECE: usize = 64 * 1024;

/// How much of a file is ready.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Growth {
    /// Bytes from the start that may be read.
    pub(crate) readable: u64,
    /// Whether that is the whole file.
    pub(crate) whole: bool,
}

/// A file that grows. What is written through [`Write`] can be read as it comes. What is written to
/// [`StreamedFile::file`] can only be read at the end.
pub(crate) struct StreamedFile<'a> {
    file: &'a mut File,
    piece: Vec<u8>,
    written: u64,
    hash: Sha256,
    told: Box<dyn Fn(Growth) + 'a>,
}

impl<'a> StreamedFile<'a> {
    pub(crate) fn new(file: &'a mut File, told: impl Fn(Growth) + 'a) -> Self {
        Self { file, piece: Vec::with_capacity(PIECE), written: 0, hash: Sha256::new(), told: Box::new(told) }
    }

    /// A file that nobody reads before it is complete.
    pub(crate) fn unwatched(file: &'a mut File) -> Self {
        Self::new(file, |_| ())
    }

    /// The file itself, for a writer that needs to seek in it.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file
    }

    fn put_down(&mut self) -> io::Result<()> {
        // Everything before this piece may be read now. This piece may be read after the next one,
        // or after the release.
        (self.told)(Growth { readable: self.written, whole: false });
        self.file.write_all(&self.piece)?;
        self.hash.update(&self.piece);
        self.written += u64::try_from(self.piece.len()).unwrap_or(0);
        self.piece.clear();
        Ok(())
    }

    /// The SHA-256 of the whole file, in hexadecimal.
    pub(crate) fn hash(&mut self) -> io::Result<String> {
        self.put_down()?;
        let end = self.file.seek(SeekFrom::End(0))?;
        let hash = if end == self.written { self.hash.clone().finalize() } else { self.hash_of_all()? };
        self.written = end;
        Ok(data_encoding::HEXLOWER.encode(&hash))
    }

    fn hash_of_all(&mut self) -> io::Result<sha2::digest::Output<Sha256>> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(PIECE, &mut *self.file);
        let mut piece = vec![0; PIECE];
        let mut hash = Sha256::new();
        loop {
            match reader.read(&mut piece)? {
                0 => return Ok(hash.finalize()),
                read => hash.update(piece.get(..read).unwrap_or_default()),
            }
        }
    }

    /// Reports that the whole file may be read.
    pub(crate) fn release(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        (self.told)(Growth { readable: self.written, whole: true });
        Ok(())
    }
}

impl Write for StreamedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.len() + bytes.len() > PIECE {
            self.put_down()?;
        }
        self.piece.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // Pieces are written when they are full, and `hash` writes the last one.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn the_last_piece_is_kept_back_until_the_file_is_released() {
        let mut file = tempfile::tempfile().unwrap();
        let told = Cell::new(0);
        let mut streamed_file = StreamedFile::new(&mut file, |growth| told.set(growth.readable));
        let line = [b'x'; 1000];
        for _ in 0..200 {
            streamed_file.write_all(&line).unwrap();
        }
        let before = told.get();
        assert!(before > 0 && before <= 200_000 - 65_000, "{before}");
        let hash = streamed_file.hash().unwrap();
        assert!(told.get() < 200_000, "all of it can be read before it is released");
        streamed_file.release().unwrap();
        assert_eq!(told.get(), 200_000);
        drop(streamed_file);
        let mut whole = Vec::new();
        file.read_to_end(&mut whole).unwrap();
        assert_eq!(hash, data_encoding::HEXLOWER.encode(&Sha256::digest(&whole)));
    }
}
