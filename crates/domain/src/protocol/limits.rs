//! How large messages, records, photos and texts may be.

use crate::conduct::TextKind;

/// The limits that the phone and the council both keep to.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// The most records in one batch of a sync.
    pub const BATCH_RECORDS: usize = 1_000;
    /// Bytes of records in one batch, before compression. A larger record goes in a batch by
    /// itself.
    pub const BATCH_BYTES: usize = 1024 * 1024;
    /// Bytes of one record, envelope and body together.
    pub const RECORD_BYTES: usize = 128 * 1024;
    /// Bytes of one message as it is sent, compressed.
    pub const MESSAGE_BYTES: usize = 2 * 1024 * 1024;
    /// Bytes of one message, decompressed.
    pub const MESSAGE_BYTES_UNPACKED: usize = 8 * 1024 * 1024;
    /// How far back a compressed message may refer, as a power of two: 8 MiB, as long as the
    /// longest. Whoever decompresses it takes as much memory as the message asks for.
    pub const MESSAGE_WINDOW_LOG: u32 = 23;
    /// Appointments in one answer.
    pub const PULLED_APPOINTMENTS: usize = 500;
    /// Bytes of one piece of a photo.
    pub const BLOB_CHUNK: usize = 256 * 1024;
    /// Bytes of one photo as it is kept and sent.
    pub const PHOTO_BYTES: usize = 4 * 1024 * 1024;
    /// Bytes of one file that a phone can't open any more: the longest journal, and room.
    pub const SALVAGE_BYTES: u64 = 64 * 1024 * 1024;
    /// Pixels of the longer side of a photo as it is kept and sent.
    pub const PHOTO_SIDE: u16 = 2048;
    /// Bytes of the camera's file, before Doorstep makes the photo from it.
    pub const PHOTO_FILE_BYTES: usize = 20 * 1024 * 1024;
    /// Pixels of the camera's file. Phones' cameras stay below this, and it fits in memory.
    pub const PHOTO_FILE_PIXELS: u64 = 50_000_000;
    /// How long an enrolment code is valid, in seconds.
    pub const CODE_SECONDS: i64 = 600;
    /// Characters of a note or of a person's words.
    pub const WORDS: usize = TextKind::Words.most();
    /// Characters of a reason.
    pub const REASON: usize = TextKind::Short.most();
}
