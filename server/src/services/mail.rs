//! Notices by mail, where `[mail]` is configured. The rows of the notices are the queue: a try is counted
//! and committed before it is made, three at most, so that neither a crash nor a refusal repeats for ever.

mod words;

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use consilium_domain::Timestamp;
use consilium_protocol::page::Locale;
use consilium_storage::{DueMail, MailAddress};
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    address::AddressError,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::ExposeSecret as _;

use crate::{
    config::{self, MailSecurity},
    error::ServiceError,
    services::notices,
    state::App,
};

/// Waiting after the first and the second try, ms. There is no fourth try.
const BACK_OFF_MS: [i64; 2] = [60_000, 300_000];
/// How long one try may take: less than the first wait, so that no two tries overlap.
const TRY_WITHIN: Duration = Duration::from_secs(20);
/// Mails one round takes up.
const ROUND: u64 = 50;
/// A notice this old is no longer mailed, ms: it is in the inbox.
const STALE_MS: i64 = 24 * 60 * 60 * 1000;

/// The way to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    base_url: String,
    host: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").finish_non_exhaustive()
    }
}

impl Mailer {
    /// From the configuration; nothing is connected yet.
    ///
    /// # Errors
    /// The sender is no address, the site's address is not HTTPS, the user has no password, the authority
    /// cannot be read, or an unprotected server is not on this machine.
    pub fn new(config: &config::Mail) -> anyhow::Result<Self> {
        let from: Mailbox = config.from.parse().context("[mail] from is not a mail address")?;
        let base_url = config.base_url.trim_end_matches('/').to_owned();
        let uri: http::Uri = base_url.parse().context("[mail] base_url is not an address")?;
        anyhow::ensure!(uri.scheme_str() == Some("https"), "[mail] base_url must be https");
        let host = uri.host().context("[mail] base_url has no host")?.to_owned();
        let loopback = matches!(config.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        let parameters = || tls_parameters(config);
        let (tls, port) = match config.security {
            MailSecurity::Starttls => (Tls::Required(parameters()?), 587),
            MailSecurity::Tls => (Tls::Wrapper(parameters()?), 465),
            MailSecurity::Plain => {
                anyhow::ensure!(
                    loopback,
                    "[mail] security = \"plain\" is for a server on this machine only"
                );
                (Tls::None, 25)
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(TRY_WITHIN));
        builder = match (&config.user, &config.password) {
            (Some(user), Some(password)) => builder.credentials(Credentials::new(
                user.clone(),
                password.expose_secret().to_owned(),
            )),
            (None, None) => builder,
            _ => anyhow::bail!("[mail] user and password belong together"),
        };
        Ok(Self {
            transport: builder.build(),
            from,
            base_url,
            host,
        })
    }
}

fn tls_parameters(config: &config::Mail) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(config.host.clone());
    if let Some(path) = &config.authority {
        let pem = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let certificate = Certificate::from_pem(&pem).context("[mail] authority is not PEM")?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().context("[mail] TLS cannot be set up")
}

/// Whether a text is a mail address.
///
/// # Errors
/// It is not.
pub fn check_address(text: &str) -> Result<(), AddressError> {
    text.parse::<lettre::Address>().map(|_| ())
}

/// Sends what is due and says how many went out.
///
/// # Errors
/// The store fails.
pub async fn run(app: &App, mailer: &Mailer) -> Result<usize, ServiceError> {
    let now = app.now();
    let mut sent = 0;
    for mail in app.store.reader().mails_due(now, ROUND).await? {
        if now.since_ms(mail.notice.created_at) > STALE_MS || mail.notice.read_at.is_some() {
            end(app, &mail).await?;
        } else if send(app, mailer, &mail, now).await? {
            sent += 1;
        }
    }
    Ok(sent)
}

/// One try.
async fn send(app: &App, mailer: &Mailer, mail: &DueMail, now: Timestamp) -> Result<bool, ServiceError> {
    let next_at = usize::try_from(mail.tries)
        .ok()
        .and_then(|tries| BACK_OFF_MS.get(tries))
        .map(|wait| now.plus_ms(*wait));
    let mut tx = app.store.begin().await?;
    let address = tx.mail_address(mail.notice.account).await?;
    let Some(address) = address else {
        tx.end_mail(mail.notice.id).await?;
        tx.commit_technical().await?;
        return Ok(false);
    };
    let taken = tx.take_mail(mail, next_at).await?;
    tx.commit_technical().await?;
    if !taken {
        return Ok(false);
    }
    let Some(message) = message(app, mailer, mail, &address, now).await? else {
        end(app, mail).await?;
        return Ok(false);
    };
    let result = match mailer.transport.send(message).await {
        Ok(_) => "sent",
        Err(error) if error.is_permanent() => "refused",
        Err(_) if next_at.is_none() => "given_up",
        Err(_) => "waiting",
    };
    // The server's words may quote an address and are not logged.
    if result != "sent" {
        tracing::warn!(notice = %mail.notice.id, tries = mail.tries + 1, result, "a mail was not sent");
    }
    metrics::counter!("consilium_mails_total", "result" => result).increment(1);
    if matches!(result, "sent" | "refused") {
        end(app, mail).await?;
    }
    Ok(result == "sent")
}

async fn end(app: &App, mail: &DueMail) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    tx.end_mail(mail.notice.id).await?;
    Ok(tx.commit_technical().await?)
}

/// The mail of a notice; `None` when the stored address is none.
async fn message(
    app: &App,
    mailer: &Mailer,
    mail: &DueMail,
    address: &MailAddress,
    now: Timestamp,
) -> Result<Option<Message>, ServiceError> {
    let Ok(to) = address.address.expose().parse() else {
        return Ok(None);
    };
    let locale = match address.locale.as_str() {
        "en" => Locale::En,
        _ => Locale::ZhCn,
    };
    let id = mail.notice.id;
    let Some(notice) = notices::views(app, vec![mail.notice.clone()]).await?.pop() else {
        return Ok(None);
    };
    let (subject, text) = words::compose(&notice, locale, &mailer.base_url);
    let date = SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(u64::try_from(now.ms()).unwrap_or(0)))
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let message = Message::builder()
        .from(mailer.from.clone())
        .to(Mailbox::new(None, to))
        .date(date)
        // The same for every try, so that a mail which went out twice is seen to be one.
        .message_id(Some(format!("<{id}@{}>", mailer.host)))
        .subject(subject)
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .header(ContentType::TEXT_PLAIN)
        .body(text)
        .map_err(|error| ServiceError::Internal(format!("a mail cannot be written: {error}")))?;
    Ok(Some(message))
}
