//! How messages are packed and sent.

use doorstep_domain::v2::{Attested, Message};
use reqwest::blocking::RequestBuilder;

const MEDIA_TYPE: &str = "application/vnd.doorstep+cbor";

/// Sends a message as the app packs it. An answer that is none is its HTTP status.
pub(super) fn tries<A: Message>(request: RequestBuilder, message: &[u8]) -> Result<Attested<A>, u16> {
    let packed = zstd::encode_all(message, 3).expect("a message can be packed");
    let request = request.header("content-type", MEDIA_TYPE).header("content-encoding", "zstd").body(packed);
    let answer = request.send().expect("the council answers");
    if answer.status() != 200 {
        return Err(answer.status().as_u16());
    }
    let packed = answer.bytes().expect("the answer comes");
    assert_eq!(packed.len() % 2_048, 0, "an answer's length tells little");
    Ok(Attested::from_bytes(&zstd::decode_all(packed.as_ref()).expect("it is packed")).expect("it is signed"))
}
