//! A small mail server on this machine that does what a test tells it.

use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream},
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// What a mail gets for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Taken.
    Take,
    /// 451: try again later.
    Later,
    /// 550: refused for good.
    Refuse,
    /// The connection breaks.
    HangUp,
}

/// A mail that was offered, and how it was answered.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Sender of the envelope.
    pub from: String,
    /// Receivers of the envelope.
    pub to: Vec<String>,
    /// The message as it came.
    pub data: String,
    /// It came over TLS.
    pub encrypted: bool,
    /// The answer.
    pub verdict: Verdict,
}

/// The server; ends when dropped.
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    count: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    /// What comes next; afterwards everything is taken.
    verdicts: Mutex<VecDeque<Verdict>>,
    offered: Mutex<Vec<Offered>>,
    count: watch::Sender<usize>,
    /// Offers STARTTLS.
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for MailServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MailServer {
    /// Starts; with `tls` it offers STARTTLS. The first mails get these verdicts, all others are taken.
    ///
    /// # Errors
    /// No port.
    pub async fn start(tls: Option<Arc<ServerConfig>>, verdicts: &[Verdict]) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (sender, count) = watch::channel(0);
        let shared = Arc::new(Shared {
            verdicts: Mutex::new(verdicts.iter().copied().collect()),
            offered: Mutex::default(),
            count: sender,
            tls: tls.map(TlsAcceptor::from),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A client that goes away is no concern of the test.
                    let _ = serve(socket, &shared).await;
                });
            }
        });
        Ok(Self {
            address,
            shared,
            count,
            task,
        })
    }

    /// Everything that was offered.
    #[must_use]
    pub fn offered(&self) -> Vec<Offered> {
        lock(&self.shared.offered).clone()
    }

    /// Waits until so many mails were offered.
    ///
    /// # Errors
    /// The server is gone.
    pub async fn until(&mut self, mails: usize) -> anyhow::Result<Vec<Offered>> {
        self.count.wait_for(|count| *count >= mails).await?;
        Ok(self.offered())
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(socket: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut plain = BufStream::new(socket);
    say(&mut plain, "220 test ESMTP").await?;
    if talk(&mut plain, shared, false).await? {
        let Some(acceptor) = &shared.tls else {
            return Ok(());
        };
        let secure = acceptor.accept(plain.into_inner()).await?;
        talk(&mut BufStream::new(secure), shared, true).await?;
    }
    Ok(())
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>, line: &str) -> io::Result<()> {
    stream.write_all(line.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.flush().await
}

/// Speaks until the client leaves; `true` when it wants TLS now.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    shared: &Shared,
    encrypted: bool,
) -> io::Result<bool> {
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let line = line.trim_end();
        let argument = line.split_once(':').map_or("", |(_, rest)| rest);
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" if shared.tls.is_some() && !encrypted => say(stream, "250-test\r\n250 STARTTLS").await?,
            "EHLO" => say(stream, "250-test\r\n250 8BITMIME").await?,
            "STAR" => {
                say(stream, "220 go ahead").await?;
                return Ok(true);
            }
            "MAIL" => {
                (from, to) = (argument.to_owned(), Vec::new());
                say(stream, "250 ok").await?;
            }
            "RCPT" => {
                to.push(argument.to_owned());
                say(stream, "250 ok").await?;
            }
            "DATA" => {
                say(stream, "354 go on").await?;
                let data = read_data(stream).await?;
                let verdict = lock(&shared.verdicts).pop_front().unwrap_or(Verdict::Take);
                lock(&shared.offered).push(Offered {
                    from: from.clone(),
                    to: to.clone(),
                    data,
                    encrypted,
                    verdict,
                });
                match verdict {
                    Verdict::Take => say(stream, "250 taken").await?,
                    Verdict::Later => say(stream, "451 later").await?,
                    Verdict::Refuse => say(stream, "550 no").await?,
                    Verdict::HangUp => {}
                }
                shared.count.send_modify(|count| *count += 1);
                if verdict == Verdict::HangUp {
                    return Ok(false);
                }
            }
            "QUIT" => {
                say(stream, "221 bye").await?;
                return Ok(false);
            }
            _ => say(stream, "250 ok").await?,
        }
    }
}

async fn read_data<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 || line.trim_end() == "." {
            return Ok(data);
        }
        data.push_str(&line);
    }
}
