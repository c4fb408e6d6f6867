//! Notices by mail: what is sent, in whose language, and what happens when the mail server does not take it.

use std::path::Path;

use anyhow::{Context as _, Result};
use consilium_domain::NoticeKind;
use consilium_server::{
    admin::{self, Act},
    config::{self, MailSecurity},
    jobs,
    services::{
        mail::{self, Mailer},
        notices::{self, Tell, To},
    },
    tls,
};
use consilium_testkit::{Case, Database, MailServer, Offered, Person, TestServer, Verdict};
use tokio_util::sync::CancellationToken;

both!(
    an_invitation_is_mailed_in_the_language_of_the_account,
    a_mail_is_tried_three_times
);

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn config_of(server: &MailServer, security: MailSecurity, authority: Option<&Path>) -> config::Mail {
    config::Mail {
        host: "localhost".to_owned(),
        port: Some(server.address.port()),
        security,
        user: None,
        password: None,
        authority: authority.map(Path::to_owned),
        from: "会诊平台 <noreply@consilium.example>".to_owned(),
        base_url: "https://consilium.example/".to_owned(),
    }
}

async fn address(server: &TestServer, username: &str, address: &str, language: &str) -> Result<()> {
    let act = Act::SetMail {
        username: username.to_owned(),
        address: Some(address.to_owned()),
        language: language.to_owned(),
    };
    admin::run(&server.app()?.store, act, server.clock.now()).await
}

async fn tell(server: &TestServer, person: &Person) -> Result<()> {
    let now = server.clock.now();
    let mut tx = server.app()?.store.begin().await?;
    let to = To::Account(person.me.account_id);
    notices::tell(&mut tx, now, to, Tell::new(NoticeKind::TransferFailed)).await?;
    Ok(tx.commit_technical().await?)
}

fn header<'a>(mail: &'a Offered, name: &str) -> Option<&'a str> {
    let start = format!("{name}: ");
    mail.data.lines().find_map(|line| line.strip_prefix(&start))
}

/// The text of a mail in its transfer encoding, decoded.
fn text(mail: &Offered) -> Result<String> {
    let (_, body) = mail.data.split_once("\r\n\r\n").context("a body")?;
    match header(mail, "Content-Transfer-Encoding") {
        Some("base64") => {
            let packed: String = body.split_whitespace().collect();
            let bytes = data_encoding::BASE64.decode(packed.as_bytes())?;
            Ok(String::from_utf8(bytes)?)
        }
        Some("quoted-printable") => {
            let mut bytes = Vec::new();
            let mut rest = body
                .replace("=\r\n", "")
                .replace("\r\n", "\n")
                .into_bytes()
                .into_iter();
            while let Some(byte) = rest.next() {
                bytes.push(match byte {
                    b'=' => {
                        let digits: Vec<u8> = rest.by_ref().take(2).collect();
                        u8::from_str_radix(std::str::from_utf8(&digits)?, 16)?
                    }
                    other => other,
                });
            }
            Ok(String::from_utf8(bytes)?)
        }
        Some("7bit") | None => Ok(body.to_owned()),
        other => anyhow::bail!("encoding {other:?}"),
    }
}

async fn an_invitation_is_mailed_in_the_language_of_the_account(server: TestServer) -> Result<()> {
    address(&server, "east.admin", "han@east.example", "en").await?;
    address(&server, "west.admin", "ma@west.example", "zh-CN").await?;
    let wrong = address(&server, "lead.admin", "no address", "en").await;
    assert!(wrong.is_err());
    let mut smtp = MailServer::start(None, &[]).await?;
    let mailer = Mailer::new(&config_of(&smtp, MailSecurity::Plain, None))?;
    let stop = CancellationToken::new();
    let job = tokio::spawn(jobs::mails(server.app()?.clone(), mailer, stop.clone()));
    let case = Case::draft(&server, 67).await?;
    case.act("invite").await?;
    let number = case.lead.get(&case.path("")).await?.ok()?["number"]
        .as_str()
        .context("a number")?
        .to_owned();
    let mut mails = smtp.until(2).await?;
    stop.cancel();
    job.await?;
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    assert_eq!(mails.len(), 2, "who has no address gets none");
    let (east, west) = (&mails[0], &mails[1]);
    assert!(east.to[0].contains("han@east.example") && west.to[0].contains("ma@west.example"));
    assert!(east.from.contains("noreply@consilium.example"));
    assert_eq!(header(east, "Auto-Submitted"), Some("auto-generated"));
    let (english, chinese) = (text(east)?, text(west)?);
    assert!(
        english.starts_with("An invitation to a consultation awaits your answer."),
        "{english}"
    );
    assert!(chinese.starts_with("收到会诊邀请，请答复。"), "{chinese}");
    let link = format!("https://consilium.example/consultations/{}", case.id);
    for (mail, text) in [(east, english), (west, chinese)] {
        assert!(text.contains(&number) && text.contains(&link), "{text}");
        let p = &case.patient;
        for secret in [&p.name, &p.id_number, &p.phone, &p.address, &p.record_number] {
            assert!(!text.contains(secret.as_str()) && !mail.data.contains(secret.as_str()));
        }
    }
    Ok(())
}

async fn a_mail_is_tried_three_times(server: TestServer) -> Result<()> {
    use Verdict::{HangUp, Later, Refuse, Take};
    let east = server.client_as("east.admin").await?;
    address(&server, "east.admin", "han@east.example", "en").await?;
    let smtp = MailServer::start(None, &[Later, HangUp, Take, Refuse, Later, Later, Later, Take]).await?;
    let mailer = Mailer::new(&config_of(&smtp, MailSecurity::Plain, None))?;
    server.clock.hold();
    let run = async |ms: i64| -> Result<usize> {
        server.clock.advance_ms(ms);
        Ok(mail::run(server.app()?, &mailer).await?)
    };
    tell(&server, &east).await?;
    assert_eq!(run(0).await?, 0, "later");
    assert_eq!(run(MINUTE - 1).await?, 0);
    assert_eq!(smtp.offered().len(), 1, "not before its time");
    assert_eq!(run(1).await?, 0, "hung up");
    assert_eq!(run(5 * MINUTE).await?, 1, "taken");
    assert_eq!(run(HOUR).await?, 0);
    let offered = smtp.offered();
    assert_eq!(offered.len(), 3);
    let id = header(&offered[0], "Message-ID").context("an id")?;
    assert!(offered.iter().all(|mail| header(mail, "Message-ID") == Some(id)));

    tell(&server, &east).await?;
    assert_eq!(run(0).await?, 0, "refused for good");
    assert_eq!(run(HOUR).await?, 0);
    assert_eq!(smtp.offered().len(), 4);

    tell(&server, &east).await?;
    for wait in [0, MINUTE, 5 * MINUTE, HOUR, HOUR] {
        assert_eq!(run(wait).await?, 0);
    }
    assert_eq!(smtp.offered().len(), 7, "three tries and no more");

    // What was read, and what is a day old, is not mailed.
    tell(&server, &east).await?;
    let mut tx = server.app()?.store.begin().await?;
    tx.read_notices(east.me.account_id, None, server.clock.now())
        .await?;
    tx.commit_technical().await?;
    assert_eq!(run(0).await?, 0);
    tell(&server, &east).await?;
    assert_eq!(run(24 * HOUR + 1).await?, 0);
    assert_eq!(smtp.offered().len(), 7);
    tell(&server, &east).await?;
    assert_eq!(run(0).await?, 1, "and a new one goes out");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_tls_where_it_is_asked_for() -> Result<()> {
    let server = TestServer::start(Database::Sqlite).await?;
    let east = server.client_as("east.admin").await?;
    address(&server, "east.admin", "han@east.example", "zh-CN").await?;
    let identity = tls::identity(&config::Tls::default(), "localhost", server.folder.path())?;
    let authority = identity.authority.context("an authority")?;
    server.clock.hold();
    let plain = MailServer::start(None, &[]).await?;
    let secure = MailServer::start(Some(identity.server), &[]).await?;
    let mailer = |smtp: &MailServer, authority: Option<&Path>| {
        Mailer::new(&config_of(smtp, MailSecurity::Starttls, authority))
    };
    tell(&server, &east).await?;
    let app = server.app()?;
    let stripped = mailer(&plain, Some(&authority))?;
    assert_eq!(mail::run(app, &stripped).await?, 0, "STARTTLS is not offered");
    server.clock.advance_ms(MINUTE);
    let stranger = mailer(&secure, None)?;
    assert_eq!(
        mail::run(app, &stranger).await?,
        0,
        "nobody vouches for the certificate"
    );
    assert!(plain.offered().is_empty() && secure.offered().is_empty());
    server.clock.advance_ms(5 * MINUTE);
    let good = mailer(&secure, Some(&authority))?;
    assert_eq!(mail::run(app, &good).await?, 1);
    assert!(secure.offered()[0].encrypted);

    let config = || config_of(&plain, MailSecurity::Plain, None);
    for (why, wrong) in [
        (
            "another machine",
            config::Mail {
                host: "mail.example".to_owned(),
                ..config()
            },
        ),
        (
            "no address",
            config::Mail {
                from: "nobody".to_owned(),
                ..config()
            },
        ),
        (
            "no https",
            config::Mail {
                base_url: "http://consilium.example".to_owned(),
                ..config()
            },
        ),
        (
            "no password",
            config::Mail {
                user: Some("user".to_owned()),
                ..config()
            },
        ),
    ] {
        assert!(Mailer::new(&wrong).is_err(), "{why}");
    }
    Ok(())
}
