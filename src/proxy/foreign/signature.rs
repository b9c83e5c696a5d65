//! `verify_signature` and `sign`: RSA with PKCS #1 v1.5, and ECDSA on P-256, as BoringSSL does for
//! Envoy. Signatures are the same in every run: ECDSA takes the number of RFC 6979 instead of a
//! random one.

use super::{Message, bad};
use crate::abi::Status;
use crate::host::port::{Answer, Refusal};
use crate::proxy::protobuf::{push_bytes, push_number};
use base64::Engine as _;
use p256::ecdsa::signature::hazmat::{PrehashSigner as _, PrehashVerifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier, PrivateKeyInfo};
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

/// What a hashed byte costs, in fuel.
const HASH_COST: u64 = 10;
/// What P-256 costs, in fuel.
const P256_COST: u64 = 500_000;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// P-224, P-384 and P-521, which BoringSSL has as well.
const OTHER_CURVES: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.3.132.0.33"),
    ObjectIdentifier::new_unwrap("1.3.132.0.34"),
    ObjectIdentifier::new_unwrap("1.3.132.0.35"),
];

/// A text's hash, and how RSA names the function.
pub(in crate::proxy) struct Hashed {
    /// The hash.
    pub(in crate::proxy) bytes: Vec<u8>,
    /// How RSA signs it.
    pub(in crate::proxy) scheme: Pkcs1v15Sign,
}

/// Hashes with a function of Envoy's list; `None` for any other name.
pub(in crate::proxy) fn hash(name: &str, text: &[u8], work: &mut u64) -> Option<Hashed> {
    let (bytes, scheme) = match name.to_ascii_lowercase().as_str() {
        "sha1" => (Sha1::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha1>()),
        "sha224" => (Sha224::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha224>()),
        "sha256" => (Sha256::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha256>()),
        "sha384" => (Sha384::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha384>()),
        "sha512" => (Sha512::digest(text).to_vec(), Pkcs1v15Sign::new::<Sha512>()),
        _ => return None,
    };
    *work += text.len() as u64 * HASH_COST;
    Some(Hashed { bytes, scheme })
}

/// What key bytes are.
enum Key<R, E> {
    Rsa(R),
    P256(E),
    /// Nothing that BoringSSL can use with a hash function.
    Unusable,
    /// What BoringSSL can use and the simulator cannot.
    Elsewhere,
}

/// `VerifySignatureArguments {1 hash_function, 2 public_key, 3 signature, 4 text, 5 public_key_pem}`.
pub(super) fn verify(argument: &[u8], work: &mut u64) -> Answer<Vec<u8>> {
    let message =
        Message::read(argument).ok_or(bad("the argument is no VerifySignatureArguments"))?;
    let (Some(name), Some(pem)) = (message.text(1), message.text(5)) else {
        return Err(bad("hash_function and public_key_pem are UTF-8"));
    };
    let der = one_key(message.bytes(2), pem)?;
    let Some(hashed) = hash(name, message.bytes(4), work) else {
        return Ok(verified(&format!("{name} is not supported.")));
    };
    let key = match der {
        Some(der) => public_key(der),
        None => from_pem(pem, &["PUBLIC KEY"]).map_or(Key::Unusable, |(_, der)| public_key(&der)),
    };
    let signature = message.bytes(3);
    let fits = match key {
        Key::Rsa(key) => {
            *work += (key.size() as u64 * 8).pow(2) / 16;
            key.verify(hashed.scheme, &hashed.bytes, signature).is_ok()
        }
        Key::P256(key) => {
            *work += P256_COST;
            Signature::from_der(signature)
                .is_ok_and(|signature| key.verify_prehash(&hashed.bytes, &signature).is_ok())
        }
        Key::Unusable => return Ok(verified("Failed to initialize digest verify.")),
        Key::Elsewhere => return Err(elsewhere()),
    };
    Ok(verified(match fits {
        true => "",
        false => "Failed to verify digest. Error code: 0",
    }))
}

/// `SignArguments {1 hash_function, 2 private_key, 3 text, 4 private_key_pem}`.
pub(super) fn sign(argument: &[u8], work: &mut u64) -> Answer<Vec<u8>> {
    let message = Message::read(argument).ok_or(bad("the argument is no SignArguments"))?;
    let (Some(name), Some(pem)) = (message.text(1), message.text(4)) else {
        return Err(bad("hash_function and private_key_pem are UTF-8"));
    };
    let der = one_key(message.bytes(2), pem)?;
    let Some(hashed) = hash(name, message.bytes(3), work) else {
        return Ok(signed(Err(format!("{name} is not supported."))));
    };
    let key = match der {
        Some(der) => private_key("PRIVATE KEY", der),
        None => from_pem(pem, &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
            .map_or(Key::Unusable, |(label, der)| private_key(label, &der)),
    };
    let signature = match key {
        Key::Rsa(key) => {
            *work += (key.size() as u64 * 8).pow(3) / 4096;
            key.sign(hashed.scheme, &hashed.bytes).ok()
        }
        Key::P256(key) => {
            *work += P256_COST;
            let signature: Option<Signature> = key.sign_prehash(&hashed.bytes).ok();
            signature.map(|signature| signature.to_der().as_bytes().to_vec())
        }
        Key::Unusable => {
            let why = "Invalid key type: private key required for signing operation.";
            return Ok(signed(Err(why.to_owned())));
        }
        Key::Elsewhere => return Err(elsewhere()),
    };
    // An RSA key too short for the hash is the one that fails here.
    let failed = || "Failed to create signature.".to_owned();
    Ok(signed(signature.ok_or_else(failed)))
}

fn elsewhere() -> Refusal {
    Refusal::new(
        Status::Unimplemented,
        "the simulator has RSA of up to 4096 bits and P-256; Envoy has more kinds of key",
    )
}

/// Envoy wants a key as DER or as PEM, not both; `None` is PEM.
fn one_key<'a>(der: &'a [u8], pem: &str) -> Answer<Option<&'a [u8]>> {
    match (der.is_empty(), pem.is_empty()) {
        (false, true) => Ok(Some(der)),
        (true, false) => Ok(None),
        (true, true) => Err(bad("there is no key, neither DER nor PEM")),
        (false, false) => Err(bad("there are two keys, one DER and one PEM")),
    }
}

/// `VerifySignatureResult {1 result, 2 error}`.
fn verified(error: &str) -> Vec<u8> {
    let mut message = Vec::new();
    push_number(&mut message, 1, error.is_empty().into());
    push_bytes(&mut message, 2, error.as_bytes());
    message
}

/// `SignResult {1 result, 2 signature, 3 error}`.
fn signed(signature: Result<Vec<u8>, String>) -> Vec<u8> {
    let mut message = Vec::new();
    push_number(&mut message, 1, signature.is_ok().into());
    match signature {
        Ok(signature) => push_bytes(&mut message, 2, &signature),
        Err(error) => push_bytes(&mut message, 3, error.as_bytes()),
    }
    message
}

/// The first block of PEM with one of these labels, and which label it has.
fn from_pem<'l>(pem: &str, labels: &[&'l str]) -> Option<(&'l str, Vec<u8>)> {
    let blocks = labels.iter().filter_map(|label| {
        let begin = format!("-----BEGIN {label}-----");
        let at = pem.find(&begin)?;
        let rest = &pem[at + begin.len()..];
        let body = &rest[..rest.find(&format!("-----END {label}-----"))?];
        let body: String = body.split_ascii_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(body);
        Some((at, *label, bytes.ok()?))
    });
    let first = blocks.min_by_key(|(at, ..)| *at)?;
    Some((first.1, first.2))
}

/// The first value of DER bytes: BoringSSL leaves alone what follows a key.
fn first(der: &[u8]) -> &[u8] {
    let length = match der.get(1) {
        Some(short @ 0..=0x7f) => 2 + usize::from(*short),
        Some(0x81) => 3 + der.get(2).map_or(0, |n| usize::from(*n)),
        Some(0x82) => match der.get(2..4) {
            Some(&[high, low]) => 4 + usize::from(u16::from_be_bytes([high, low])),
            _ => der.len(),
        },
        _ => der.len(),
    };
    der.get(..length).unwrap_or(der)
}

/// What an algorithm says of a key, before its bytes are looked at.
enum Algorithm {
    Rsa,
    P256,
    OtherCurve,
    Unknown,
}

fn algorithm(id: &AlgorithmIdentifierRef<'_>) -> Algorithm {
    if id.oid == RSA {
        return Algorithm::Rsa;
    }
    let curve = id
        .parameters
        .and_then(|parameters| ObjectIdentifier::try_from(parameters).ok());
    match curve.filter(|_| id.oid == EC) {
        Some(curve) if curve == P256 => Algorithm::P256,
        Some(curve) if OTHER_CURVES.contains(&curve) => Algorithm::OtherCurve,
        _ => Algorithm::Unknown,
    }
}

/// Whether these bytes are a public key.
pub(super) fn is_public_key(der: &[u8]) -> bool {
    !matches!(public_key(der), Key::Unusable)
}

/// A key as `SubjectPublicKeyInfo`.
fn public_key(der: &[u8]) -> Key<RsaPublicKey, VerifyingKey> {
    let Ok(info) = SubjectPublicKeyInfoRef::try_from(first(der)) else {
        return Key::Unusable;
    };
    let Some(bits) = info.subject_public_key.as_bytes() else {
        return Key::Unusable;
    };
    match algorithm(&info.algorithm) {
        Algorithm::Rsa => match RsaPublicKey::try_from(info) {
            Ok(key) => Key::Rsa(key),
            Err(_) => unread(bits),
        },
        Algorithm::P256 => VerifyingKey::from_sec1_bytes(bits).map_or(Key::Unusable, Key::P256),
        Algorithm::OtherCurve => Key::Elsewhere,
        Algorithm::Unknown => Key::Unusable,
    }
}

/// A key in the form that a PEM label names.
fn private_key(label: &str, der: &[u8]) -> Key<RsaPrivateKey, SigningKey> {
    let der = first(der);
    match label {
        "RSA PRIVATE KEY" => {
            return rsa_private(der);
        }
        "EC PRIVATE KEY" => {
            return p256::SecretKey::from_sec1_der(der)
                .map_or(Key::Unusable, |key| Key::P256(key.into()));
        }
        _ => {}
    }
    let Ok(info) = PrivateKeyInfo::try_from(der) else {
        return Key::Unusable;
    };
    match algorithm(&info.algorithm) {
        Algorithm::Rsa => rsa_private(info.private_key),
        Algorithm::P256 => p256::SecretKey::from_sec1_der(info.private_key)
            .map_or(Key::Unusable, |key| Key::P256(key.into())),
        Algorithm::OtherCurve => Key::Elsewhere,
        Algorithm::Unknown => Key::Unusable,
    }
}

/// An RSA key that cannot be read: one beyond 4096 bits may be good for BoringSSL.
fn unread<R, E>(der: &[u8]) -> Key<R, E> {
    match der.len() > 4096 / 8 + 32 {
        true => Key::Elsewhere,
        false => Key::Unusable,
    }
}

/// The most bytes of a private RSA key of 4096 bits: nine numbers, which are half as long or as long.
const RSA_PRIVATE_MAX: usize = 2600;

/// A private RSA key. A long one is not tried, because arithmetic with it takes seconds.
fn rsa_private<E>(der: &[u8]) -> Key<RsaPrivateKey, E> {
    if der.len() > RSA_PRIVATE_MAX {
        return Key::Elsewhere;
    }
    RsaPrivateKey::from_pkcs1_der(der).map_or(Key::Unusable, Key::Rsa)
}
