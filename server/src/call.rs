//! Calls of the room: by which servers two pages find each other, or which system of the hospital is used
//! instead. By default neither: pages reach each other directly, and nothing outside is asked.

use std::{fmt, sync::Arc};

use anyhow::{Context as _, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use consilium_domain::{AccountId, ConsultationId, Timestamp};
use consilium_protocol::{
    limits::{ICE_SERVERS_MAX, TURN_CREDENTIAL_MS},
    live::IceServer,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Uri, uri::Authority};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;

use crate::config;

/// What stands for the consultation in the address of the hospital's own system.
const PLACE: &str = "{consultation}";
/// A shared secret shorter than this can be guessed from one credential, characters.
const SECRET_CHARS_MIN: usize = 16;

/// How one proves to a TURN server that one may use it.
enum Proof {
    /// A name and a password that stay.
    Fixed(String, SecretString),
    /// A secret shared with the server, from which credentials are made that end.
    Shared(SecretString),
}

#[derive(Default)]
struct Settings {
    stun: Vec<String>,
    turn: Vec<String>,
    proof: Option<Proof>,
    link: Option<String>,
}

/// The settings of `[call]`, looked at. Cheap to clone; never shown.
#[derive(Clone, Default)]
pub struct Calls(Arc<Settings>);

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Calls(hidden)")
    }
}

impl Calls {
    /// Reads the settings.
    ///
    /// # Errors
    /// They contradict each other or are no addresses; the sentence says which and never repeats a secret.
    pub fn new(settings: &config::Call) -> anyhow::Result<Self> {
        if let Some(link) = &settings.link {
            check_link(link)?;
            ensure!(
                settings.ice_servers.is_empty(),
                "[call] has both link and ice_servers: with a link there is no call of our own"
            );
        }
        ensure!(
            settings.ice_servers.len() <= ICE_SERVERS_MAX,
            "[call] ice_servers has more than {ICE_SERVERS_MAX} entries"
        );
        let (mut stun, mut turn) = (Vec::new(), Vec::new());
        for address in &settings.ice_servers {
            if is_turn(address)? { &mut turn } else { &mut stun }.push(address.clone());
        }
        let proof = match (&settings.username, &settings.credential, &settings.secret) {
            (None, None, None) => None,
            (None, None, Some(secret)) => {
                ensure!(
                    secret.expose_secret().chars().count() >= SECRET_CHARS_MIN,
                    "[call] secret has fewer than {SECRET_CHARS_MIN} characters"
                );
                Some(Proof::Shared(secret.clone()))
            }
            (Some(name), Some(credential), None) if !name.is_empty() => {
                Some(Proof::Fixed(name.clone(), credential.clone()))
            }
            (_, _, Some(_)) => {
                anyhow::bail!("[call] has a secret and a username or credential: only one way")
            }
            _ => anyhow::bail!("[call] username and credential come together"),
        };
        ensure!(
            turn.is_empty() == proof.is_none(),
            if turn.is_empty() {
                "[call] has credentials, but no turn: or turns: address in ice_servers"
            } else {
                "[call] a turn: or turns: address needs a secret, or username and credential"
            }
        );
        Ok(Self(Arc::new(Settings {
            stun,
            turn,
            proof,
            link: settings.link.clone(),
        })))
    }

    /// Where the hospital's own system has the conference of a consultation; `None` where calls are our own.
    #[must_use]
    pub fn link(&self, consultation: ConsultationId) -> Option<String> {
        let link = self.0.link.as_ref()?;
        Some(link.replace(PLACE, &consultation.to_string()))
    }

    /// Whether calls go through the room.
    #[must_use]
    pub fn own(&self) -> bool {
        self.0.link.is_none()
    }

    /// The servers by which somebody in a call reaches the others, with credentials of their own; empty when
    /// there are none.
    #[must_use]
    pub fn servers(&self, account: AccountId, now: Timestamp) -> Vec<IceServer> {
        let settings = &self.0;
        let mut out = Vec::new();
        if !settings.stun.is_empty() {
            out.push(IceServer {
                urls: settings.stun.clone(),
                username: None,
                credential: None,
            });
        }
        if let Some(proof) = &settings.proof {
            let (username, credential) = match proof {
                Proof::Fixed(name, credential) => (name.clone(), credential.expose_secret().to_owned()),
                Proof::Shared(secret) => passing(secret, account, now.plus_ms(TURN_CREDENTIAL_MS)),
            };
            out.push(IceServer {
                urls: settings.turn.clone(),
                username: Some(username),
                credential: Some(credential),
            });
        }
        out
    }
}

/// Credentials that end, as TURN servers know them (draft-uberti-behave-turn-rest): the name is the second in
/// which they end and whose they are, the password proves that we wrote the name. SHA-1 because that is what
/// those servers compute; as a MAC it has no known weakness, the collisions of plain SHA-1 do not reach it.
fn passing(secret: &SecretString, account: AccountId, until: Timestamp) -> (String, String) {
    let name = format!("{}:{account}", until.ms().div_euclid(1000));
    let mac = Hmac::<Sha1>::new_from_slice(secret.expose_secret().as_bytes()).map(|mac| {
        let tag = mac.chain_update(name.as_bytes()).finalize();
        STANDARD.encode(tag.into_bytes())
    });
    // A key of any length makes an HMAC.
    (name, mac.unwrap_or_default())
}

/// Whether an address is that of a TURN server, not of a STUN server.
fn is_turn(address: &str) -> anyhow::Result<bool> {
    let wrong = || format!("[call] ice_servers: {address:?} is not stun:host[:port] or turn:host[:port]");
    let (scheme, rest) = address.split_once(':').with_context(wrong)?;
    let turn = match scheme {
        "stun" | "stuns" => false,
        "turn" | "turns" => true,
        _ => anyhow::bail!("{}", wrong()),
    };
    let (place, transport) = rest
        .split_once('?')
        .map_or((rest, None), |(place, query)| (place, Some(query)));
    let known = match transport {
        None => true,
        Some(query) => turn && matches!(query, "transport=udp" | "transport=tcp"),
    };
    let place: Authority = place.parse().ok().with_context(wrong)?;
    let plain = !place.as_str().contains('@') && !place.host().is_empty();
    // A colon without a number behind it is a slip.
    let port = place.as_str().len() == place.host().len() || place.port_u16().is_some();
    ensure!(known && plain && port, wrong());
    Ok(turn)
}

fn check_link(link: &str) -> anyhow::Result<()> {
    ensure!(
        link.contains(PLACE),
        "[call] link has no {PLACE}: every consultation would meet in one place"
    );
    let uri: Uri = link
        .replace(PLACE, "x")
        .parse()
        .ok()
        .context("[call] link is not an address")?;
    let place = uri.authority().map(Authority::as_str).unwrap_or_default();
    ensure!(
        uri.scheme_str() == Some("https") && !place.is_empty(),
        "[call] link does not begin with https://"
    );
    let host = link.split('/').nth(2).unwrap_or_default();
    ensure!(
        !host.contains('{') && !place.contains('@'),
        "[call] link has {PLACE} or a password in its host"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

    fn of(toml: &str) -> anyhow::Result<Calls> {
        let config: config::Config = toml::from_str(&format!("[call]\n{toml}"))?;
        Calls::new(&config.call)
    }

    fn account(n: u128) -> AccountId {
        AccountId(Uuid::from_u128(n))
    }

    #[test]
    fn nothing_outside_is_asked_by_default() {
        let calls = Calls::new(&config::Call::default()).unwrap();
        assert!(calls.own() && calls.servers(account(7), NOW).is_empty());
        assert_eq!(calls.link(ConsultationId(Uuid::nil())), None);
    }

    #[test]
    fn credentials_of_a_shared_secret_end_and_are_those_a_turn_server_computes() {
        let calls = of(
            "ice_servers = [\"stun:turn.example\", \"turns:turn.example:5349?transport=tcp\"]\n\
                        secret = \"a secret of the house\"",
        )
        .unwrap();
        let servers = calls.servers(account(7), NOW);
        let [stun, turn] = servers.as_slice() else {
            panic!("{} servers", servers.len())
        };
        assert_eq!((stun.username.as_ref(), stun.credential.as_ref()), (None, None));
        assert_eq!(turn.urls, ["turns:turn.example:5349?transport=tcp"]);
        // openssl dgst -sha1 -hmac "a secret of the house" -binary | base64
        assert_eq!(
            (turn.username.as_deref(), turn.credential.as_deref()),
            (
                Some("1790043200:00000000-0000-0000-0000-000000000007"),
                Some("CmfkkedFESvyieL/pWbMW/DCi3U=")
            )
        );
        let later = calls.servers(account(7), NOW.plus_ms(60_000));
        let other = calls.servers(account(8), NOW);
        assert!(later[1].username.as_deref().unwrap().starts_with("1790043260:"));
        assert_ne!(later[1].credential, turn.credential);
        assert_ne!(other[1].credential, turn.credential);
        assert!(
            !format!("{calls:?} {servers:?}").contains("CmfkkedFESvyieL/pWbMW/DCi3U="),
            "nothing secret is printed"
        );
    }

    #[test]
    fn a_fixed_name_goes_out_as_it_is_and_only_to_turn() {
        let calls = of("ice_servers = [\"stun:[2001:db8::1]:3478\", \"turn:10.0.0.5\"]\n\
                        username = \"room\"\ncredential = \"of the house\"")
        .unwrap();
        let servers = calls.servers(account(7), NOW);
        assert_eq!(servers[0].credential, None);
        assert_eq!(servers[1].credential.as_deref(), Some("of the house"));
    }

    #[test]
    fn the_hospitals_own_system_takes_the_place_of_calls() {
        let calls = of("link = \"https://meet.example/room/{consultation}?lang=zh\"").unwrap();
        assert!(!calls.own());
        assert_eq!(
            calls.link(ConsultationId(Uuid::nil())).unwrap(),
            "https://meet.example/room/00000000-0000-0000-0000-000000000000?lang=zh"
        );
    }

    #[test]
    fn wrong_settings_are_named_and_no_secret_is_repeated() {
        for (toml, sentence) in [
            (
                "link = \"http://meet.example/{consultation}\"",
                "begin with https",
            ),
            ("link = \"https://meet.example/room\"", "no {consultation}"),
            ("link = \"https://{consultation}.example/\"", "in its host"),
            (
                "link = \"https://a:b@meet.example/{consultation}\"",
                "password in its host",
            ),
            ("link = \"{consultation}\"", "begin with https"),
            (
                "link = \"https://meet.example/{consultation}\"\nice_servers = [\"stun:a\"]",
                "both link and ice_servers",
            ),
            ("ice_servers = [\"http://a\"]", "is not stun:"),
            ("ice_servers = [\"stun://a\"]", "is not stun:"),
            ("ice_servers = [\"stun:a:x\"]", "is not stun:"),
            ("ice_servers = [\"stun:me@a\"]", "is not stun:"),
            ("ice_servers = [\"stun:a?transport=udp\"]", "is not stun:"),
            ("ice_servers = [\"turn:a?transport=x\"]", "is not stun:"),
            ("ice_servers = [\"turn:a\"]", "needs a secret"),
            (
                "ice_servers = [\"stun:a\"]\nsecret = \"hidden hidden hidden\"",
                "no turn:",
            ),
            ("ice_servers = [\"turn:a\"]\nsecret = \"hidden\"", "fewer than 16"),
            (
                "ice_servers = [\"turn:a\"]\nusername = \"hidden\"",
                "come together",
            ),
            (
                "ice_servers = [\"turn:a\"]\ncredential = \"hidden\"",
                "come together",
            ),
            (
                "ice_servers = [\"turn:a\"]\nusername = \"a\"\ncredential = \"hidden\"\nsecret = \"hidden\"",
                "only one way",
            ),
            ("turn = \"turn:a\"", "unknown field"),
        ] {
            let said = format!("{:#}", of(toml).unwrap_err());
            assert!(said.contains(sentence), "{toml}: {said}");
            assert!(
                said.contains("unknown field") || !said.contains("hidden"),
                "{said}"
            );
        }
        let many = ["\"stun:a\""; ICE_SERVERS_MAX + 1].join(",");
        assert!(of(&format!("ice_servers = [{many}]")).is_err());
    }
}
