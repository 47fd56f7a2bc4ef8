//! How much may be said at once.

/// Limits that both sides hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits;

impl Limits {
    /// Records in one batch.
    pub const BATCH_RECORDS: usize = 1_000;
    /// Bytes of records in one batch, before compression; a batch always takes at least one record.
    pub const BATCH_BYTES: usize = 1024 * 1024;
    /// Bytes of one record, envelope and body together.
    pub const RECORD_BYTES: usize = 128 * 1024;
    /// Bytes of one message as it travels, compressed.
    pub const MESSAGE_BYTES: usize = 2 * 1024 * 1024;
    /// Bytes of one message, decompressed.
    pub const MESSAGE_BYTES_UNPACKED: usize = 8 * 1024 * 1024;
    /// Appointments in one answer.
    pub const PULLED_APPOINTMENTS: usize = 500;
    /// How long an enrolment code lives, in seconds.
    pub const CODE_SECONDS: i64 = 600;
    /// Characters of a note or of a person's words.
    pub const WORDS: usize = 4_000;
    /// Characters of a reason.
    pub const REASON: usize = 500;
}
