//! A phone that makes and uses a passkey, in software: ECDSA over P-256 and no attestation, handed on as
//! `public/passkey.js` does.

use crate::harness::BASE_URL;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HOLDS_A_NEW_KEY: u8 = 0x40;

pub struct Phone {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    /// What it was told of the person.
    pub handle: String,
    /// How often the passkey was used.
    pub count: u32,
    /// Was the person asked to unlock it?
    pub verifies: bool,
    /// The site that its browser is on.
    pub origin: String,
}

impl Phone {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random).expect("a key");
        let id = Sha256::digest(key.public_key().as_ref()).to_vec();
        Self { key, id, handle: String::new(), count: 0, verifies: true, origin: BASE_URL.to_owned() }
    }

    /// The id of its passkey as it stands in what is sent.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.id)
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false });
        data.to_string().into_bytes()
    }

    fn data(&self, host: &Value, more: u8) -> Vec<u8> {
        let mut data = Sha256::digest(host.as_str().expect("a host").as_bytes()).to_vec();
        data.push(PRESENT | if self.verifies { VERIFIED } else { 0 } | more);
        data.extend(self.count.to_be_bytes());
        data
    }

    /// The answer to `navigator.credentials.create`.
    pub fn makes(&mut self, options: &Value) -> String {
        options["user"]["id"].as_str().expect("a handle").clone_into(&mut self.handle);
        let mut data = self.data(&options["rp"]["id"], HOLDS_A_NEW_KEY);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).expect("a short id").to_be_bytes());
        data.extend(&self.id);
        // COSE: key type EC2, algorithm ES256, curve P-256, then x and y.
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(x);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(y);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("a short text"));
        object.extend(data);
        let response = json!({
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", options)),
        });
        self.said(&response)
    }

    /// The answer to `navigator.credentials.get`.
    pub fn answers(&mut self, options: &Value) -> String {
        self.count += 1;
        let data = self.data(&options["rpId"], 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [data.as_slice(), Sha256::digest(&client_data).as_slice()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("a signature");
        let response = json!({
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": self.handle,
        });
        self.said(&response)
    }

    fn said(&self, response: &Value) -> String {
        json!({ "id": self.id(), "rawId": self.id(), "type": "public-key", "response": response }).to_string()
    }
}
