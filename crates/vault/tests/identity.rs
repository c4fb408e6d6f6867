//! Pseudonyms, passwords, one-time codes and signatures.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use consilium_vault::{
    PasswordRefusal, PublicKey, Signature, TotpSecret, Vault, VaultError, canonical_number, check_password,
    needs_rehash,
};
use proptest::prelude::*;

fn vault() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open_or_create(folder.path(), 1).unwrap();
    (folder, vault)
}

#[test]
fn pseudonyms_are_stable_short_and_distinct() {
    let (_folder, vault) = vault();
    let one = vault.patient_identifier("01", "11010519491231002X");
    assert_eq!(one.len(), 32);
    assert!(
        one.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    );
    assert_eq!(
        one,
        vault.patient_identifier("01", " １１０１０５１９４９１２３１００２ｘ ")
    );
    assert_ne!(one, vault.patient_identifier("02", "11010519491231002X"));
    // Type and number do not run together.
    assert_ne!(
        vault.patient_identifier("01", "23"),
        vault.patient_identifier("012", "3")
    );
    let many: HashSet<String> = (0..20_000)
        .map(|n| vault.patient_identifier("01", &format!("{n:018}")))
        .collect();
    assert_eq!(many.len(), 20_000);
}

proptest! {
    #[test]
    fn the_canonical_form_is_its_own(number in ".{0,30}") {
        let once = canonical_number(&number);
        prop_assert_eq!(canonical_number(&once), once);
    }

    #[test]
    fn only_six_ascii_digits_are_a_code(code in ".{0,8}") {
        let secret = TotpSecret::from_bytes(&[7; 20]).unwrap();
        let accepted = secret.verify(&code, 1_000_000_000_000, 0).is_some();
        let digits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        prop_assert!(digits || !accepted);
    }
}

#[test]
fn password_lengths_count_characters() {
    assert_eq!(check_password("short"), Err(PasswordRefusal::TooShort));
    assert_eq!(check_password(&"会".repeat(11)), Err(PasswordRefusal::TooShort));
    assert_eq!(check_password(&"会".repeat(12)), Ok(()));
    assert_eq!(check_password(&"x".repeat(128)), Ok(()));
    assert_eq!(check_password(&"x".repeat(129)), Err(PasswordRefusal::TooLong));
}

#[test]
fn passwords_verify_and_need_the_pepper() {
    let (_folder, one) = vault();
    let (_other_folder, other) = vault();
    let password = "正确 horse battery staple";
    let stored = one.hash_password(password).unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
    assert_ne!(stored, one.hash_password(password).unwrap());
    assert!(one.verify_password(password, &stored).unwrap());
    assert!(!one.verify_password("正确 horse battery stapl", &stored).unwrap());
    assert!(!one.verify_password("", &stored).unwrap());
    assert!(!other.verify_password(password, &stored).unwrap());
    one.verify_dummy(password).unwrap();
}

#[test]
fn stored_hashes_are_judged() {
    let (_folder, vault) = vault();
    let stored = vault.hash_password("correct horse battery").unwrap();
    assert!(!needs_rehash(&stored));
    assert!(needs_rehash(&stored.replace("m=47104", "m=19456")));
    assert!(needs_rehash(&stored.replace("t=1", "t=2")));
    assert!(needs_rehash("plain"));
    let cheaper = stored.replace("m=47104", "m=19456");
    assert!(!vault.verify_password("correct horse battery", &cheaper).unwrap());
    for bad in [
        "",
        "plain",
        "$argon2id$v=19$m=47104,t=1,p=1",
        &stored.replace("m=47104", "m=4294967295"),
        &stored.replace("t=1", "t=1000"),
        &stored.replace("p=1", "p=64"),
        &stored.replace("argon2id", "argon2i"),
        &stored[..stored.len() - 4],
    ] {
        assert!(
            matches!(
                vault.verify_password("correct horse battery", bad),
                Err(VaultError::PasswordHash)
            ),
            "{bad}"
        );
    }
}

#[test]
fn codes_agree_with_rfc_6238() {
    // Appendix B, SHA-1; a six-digit code is the end of the eight-digit one.
    let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
    for (seconds, code) in [
        (59_i64, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let now_ms = seconds * 1000;
        assert_eq!(secret.code_at(now_ms).unwrap(), code);
        assert_eq!(secret.verify(code, now_ms, 0), Some(seconds / 30));
    }
}

#[test]
fn codes_hold_one_step_either_way_and_count_once() {
    let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
    let (now_ms, step) = (1_111_111_111_000, 37_037_037);
    let code = secret.code_at(now_ms).unwrap();
    for (offset_s, accepted) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
        let found = secret.verify(&code, now_ms + offset_s * 1000, 0);
        assert_eq!(found, accepted.then_some(step), "{offset_s} s");
    }
    assert_eq!(secret.verify(&code, now_ms, step - 1), Some(step));
    assert_eq!(secret.verify(&code, now_ms, step), None);
    assert_eq!(secret.verify(&code, now_ms, step + 1), None);
    assert_eq!(secret.verify(&code, -1, 0), None);
    assert_eq!(secret.verify(&code, i64::MAX, 0), None);
    assert_eq!(secret.verify(&code, i64::MIN, 0), None);
    for spelling in [
        format!(" {code}"),
        format!("{code}\n"),
        format!("+{}", &code[1..]),
        code.chars()
            .map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap())
            .collect(),
        code[1..].to_owned(),
        String::new(),
    ] {
        assert_eq!(secret.verify(&spelling, now_ms, 0), None, "{spelling:?}");
    }
}

#[test]
fn totp_secrets_travel_as_text_and_stay_sealed() {
    let (_folder, vault) = vault();
    let secret = TotpSecret::from_bytes(b"12345678901234567890").unwrap();
    assert_eq!(*secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(format!("{secret:?}"), "TotpSecret(hidden)");
    assert_eq!(
        *secret.provisioning_uri("会诊: A&B", "wang.min"),
        "otpauth://totp/%E4%BC%9A%E8%AF%8A%20A%26B:wang.min\
         ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E4%BC%9A%E8%AF%8A%20A%26B\
         &algorithm=SHA1&digits=6&period=30"
    );
    let typed = TotpSecret::from_base32("gezd gnbv gy3t qojq gezd gnbv gy3t qojq").unwrap();
    assert_eq!(*typed.base32(), *secret.base32());
    assert!(TotpSecret::from_base32("GEZDGNBV").is_none());
    assert!(TotpSecret::from_bytes(&[0; 19]).is_none());

    let fresh = TotpSecret::new_secret().unwrap();
    assert_ne!(*fresh.base32(), *TotpSecret::new_secret().unwrap().base32());
    let sealed = vault.seal_totp("a-1", &fresh).unwrap();
    vault.rotate_kek(2).unwrap();
    let opened = vault.open_totp("a-1", &sealed).unwrap();
    assert_eq!(*opened.base32(), *fresh.base32());
    assert!(vault.open_totp("a-2", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[at] ^= 1;
        assert!(vault.open_totp("a-1", &forged).is_err(), "byte {at}");
    }
}

#[test]
fn signatures_hold_for_one_key_domain_and_message() {
    let (_folder, one) = vault();
    let (_other_folder, other) = vault();
    let signature = one.sign("opinion.final", b"message");
    one.verify_signature("opinion.final", b"message", &signature)
        .unwrap();
    let [key] = <[PublicKey; 1]>::try_from(one.public_keys()).unwrap();
    assert_eq!((key.key_id.len(), key.created_at_ms), (16, 1));
    key.verify("opinion.final", b"message", &signature).unwrap();

    assert!(
        one.verify_signature("opinion", b".finalmessage", &signature)
            .is_err()
    );
    assert!(
        one.verify_signature("audit.checkpoint", b"message", &signature)
            .is_err()
    );
    assert!(
        one.verify_signature("opinion.final", b"massage", &signature)
            .is_err()
    );
    assert!(
        other
            .verify_signature("opinion.final", b"message", &signature)
            .is_err()
    );
    let mut renamed = signature.clone();
    renamed.key_id = other.public_keys()[0].key_id.clone();
    assert!(
        other
            .verify_signature("opinion.final", b"message", &renamed)
            .is_err()
    );
    for at in 0..64 {
        let mut forged = signature.clone();
        forged.bytes[at] ^= 1;
        assert!(
            one.verify_signature("opinion.final", b"message", &forged)
                .is_err()
        );
    }

    let text = signature.to_string();
    assert_eq!(text.parse::<Signature>().unwrap(), signature);
    for bad in ["", "abc", "abc:", "abc:!!", &text[..text.len() - 2]] {
        assert!(bad.parse::<Signature>().is_err(), "{bad}");
    }
}
