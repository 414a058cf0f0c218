//! The signature of a delivery: HMAC-SHA-256 over its raw bytes. Knows the header `X-Hub-Signature-256`; must not know
//! what a delivery says.
//!
//! It is checked before anything of a body is read: whoever does not know the secret reaches no parser.

use crate::config::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// The header that carries the signature, `sha256=` and 64 hexadecimal digits.
pub const HEADER: &str = "x-hub-signature-256";

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no header: the App has no secret, or the sender is not GitHub.
    #[error("no signature: the App's webhook must have a secret")]
    Missing,
    /// The header is not `sha256=` and 64 hexadecimal digits.
    #[error("the signature is not sha256= and 64 hexadecimal digits")]
    Malformed,
    /// It is that of another secret or of another body.
    #[error("the signature is not that of this body under our secret")]
    Wrong,
    /// There is no secret here, and with an empty one anybody could sign.
    #[error("there is no webhook secret to check signatures with")]
    NoSecret,
}

/// Checks the signature of a body as it came over the wire. Takes the same time wherever a wrong signature differs.
///
/// # Errors
/// Why the body is not to be believed.
pub fn verify(secret: &Secret, body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
    if secret.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let hex = header.ok_or(SignatureError::Missing)?.strip_prefix("sha256=").ok_or(SignatureError::Malformed)?;
    let signature = bytes_of(hex).ok_or(SignatureError::Malformed)?;
    hmac_of(secret, body).verify_slice(&signature).map_err(|_| SignatureError::Wrong)
}

/// The header's text for a body, as GitHub makes it: for tests and tools that send deliveries.
#[must_use]
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let mut text = "sha256=".to_owned();
    for byte in hmac_of(secret, body).finalize().into_bytes() {
        write!(text, "{byte:02x}").expect("a String takes any text");
    }
    text
}

fn hmac_of(secret: &Secret, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    mac
}

/// The bytes of 64 hexadecimal digits.
fn bytes_of(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = (digit(0)? << 4 | digit(1)?) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's page "Validating webhook deliveries".
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secret() -> Secret {
        Secret::new("It's a Secret to Everybody")
    }

    #[test]
    fn the_documented_example_is_believed() {
        assert_eq!(verify(&secret(), BODY, Some(SIGNATURE)), Ok(()));
        assert_eq!(sign(&secret(), BODY), SIGNATURE);
        let upper = SIGNATURE.to_uppercase().replace("SHA256", "sha256");
        assert_eq!(verify(&secret(), BODY, Some(&upper)), Ok(()), "hexadecimal digits have no case");
    }

    #[test]
    fn nothing_else_is() {
        use SignatureError::{Malformed, Missing, NoSecret, Wrong};
        let refused = |body: &[u8], header: Option<&str>| verify(&secret(), body, header).expect_err("not signed");
        assert_eq!(refused(BODY, None), Missing);
        assert_eq!(refused(b"Hello, World", Some(SIGNATURE)), Wrong);
        assert_eq!(refused(BODY, Some(&SIGNATURE.replace('7', "8"))), Wrong);
        for header in ["", "sha1=757107ea", "sha256=", &SIGNATURE[..70], &SIGNATURE.replace('e', "é"), &SIGNATURE[7..]]
        {
            assert_eq!(refused(BODY, Some(header)), Malformed, "{header}");
        }
        assert_eq!(verify(&Secret::new("another"), BODY, Some(SIGNATURE)), Err(Wrong));
        let unsigned = sign(&Secret::default(), BODY);
        assert_eq!(verify(&Secret::default(), BODY, Some(&unsigned)), Err(NoSecret));
    }
}
