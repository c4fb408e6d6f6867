//! First institutions and accounts, from the command line of the machine itself.

use clap::Subcommand;
use consilium_domain::{AccountId, Clear, InstitutionId, Role, Timestamp};
use consilium_storage::{Account, AuditEntry, Institution, MailAddress, Store};
use consilium_vault::{TotpSecret, check_password, new_token};
use uuid::Uuid;

use crate::services::{mail, sessions::canonical_username};

/// What can be done.
#[derive(Subcommand)]
pub enum Act {
    /// Add an institution
    AddInstitution {
        /// Short stable code, such as `east`
        #[arg(long)]
        code: String,
        /// Name in Chinese
        #[arg(long)]
        name_zh: String,
        /// Name in English
        #[arg(long)]
        name_en: String,
        /// Which of the six institution colours, 1 to 6
        #[arg(long, default_value_t = 1)]
        colour: u8,
        /// It runs the platform and is never invited
        #[arg(long)]
        platform: bool,
    },
    /// Add an account; prints its first password and authenticator seed once
    AddAccount {
        /// User name
        #[arg(long)]
        username: String,
        /// Code of the institution
        #[arg(long)]
        institution: String,
        /// admin, operator, expert, reviewer, auditor or ops
        #[arg(long)]
        role: Role,
        /// Name shown to colleagues
        #[arg(long)]
        name: String,
        /// Department
        #[arg(long, default_value = "")]
        department: String,
        /// Professional title, asked of experts
        #[arg(long, default_value = "")]
        title: String,
        /// Number of the licence to practise, asked of experts
        #[arg(long, default_value = "")]
        licence: String,
    },
    /// Set or remove where an account's notices are mailed
    SetMail {
        /// User name
        #[arg(long)]
        username: String,
        /// Mail address; the present one is removed when left out
        #[arg(long)]
        address: Option<String>,
        /// Language of the mails: zh-CN or en
        #[arg(long, default_value = "zh-CN", value_parser = ["zh-CN", "en"])]
        language: String,
    },
}

/// A new account with its secrets, which are known only now.
pub struct NewAccount {
    /// The row to insert.
    pub account: Account,
    /// Its password.
    pub password: String,
    /// Its authenticator seed.
    pub totp: TotpSecret,
}

/// Makes an account. Without a given password and seed, random ones.
///
/// # Errors
/// The password is against the policy, or the vault fails.
pub fn new_account(
    store: &Store,
    username: &str,
    institution: InstitutionId,
    role: Role,
    names: (&str, &str),
    secrets: Option<(String, TotpSecret)>,
) -> anyhow::Result<NewAccount> {
    let (password, totp) = match secrets {
        Some(given) => given,
        None => {
            let (token, _) = new_token()?;
            (token.chars().take(20).collect(), TotpSecret::new_secret()?)
        }
    };
    check_password(&password).map_err(|refusal| anyhow::anyhow!("password: {refusal}"))?;
    let seed = totp.expose().to_vec();
    let account = Account {
        id: AccountId(Uuid::now_v7()),
        username: canonical_username(username),
        institution,
        role,
        display_name: names.0.to_owned(),
        department: names.1.to_owned(),
        title: String::new(),
        licence: String::new(),
        password_hash: store.vault().hash_password(&password)?,
        totp_secret: Clear::new(seed),
        totp_last_step: 0,
        failed: 0,
        locked_until: None,
        active: true,
    };
    Ok(NewAccount {
        account,
        password,
        totp,
    })
}

/// The audit event of an act at the machine itself.
#[must_use]
pub fn event(now: Timestamp, action: &str, target: String, institution: &str) -> AuditEntry {
    AuditEntry {
        at: now,
        operator: consilium_ledger::SYSTEM.to_owned(),
        operator_name: String::new(),
        action: action.to_owned(),
        target,
        result: "ok".to_owned(),
        ip: "127.0.0.1".to_owned(),
        device: "command line".to_owned(),
        institution: institution.to_owned(),
        consultation: None,
        request_id: Uuid::now_v7().simple().to_string(),
    }
}

/// Does it.
///
/// # Errors
/// A code or user name is taken or unknown, or the store fails.
#[expect(clippy::print_stdout, reason = "answers of a command line program")]
pub async fn run(store: &Store, act: Act, now: Timestamp) -> anyhow::Result<()> {
    match act {
        Act::AddInstitution {
            code,
            name_zh,
            name_en,
            colour,
            platform,
        } => {
            anyhow::ensure!((1..=6).contains(&colour), "colour is 1 to 6");
            let row = Institution {
                id: InstitutionId(Uuid::now_v7()),
                code,
                name_zh,
                name_en,
                colour,
                platform,
            };
            let mut tx = store.begin().await?;
            tx.insert_institution(&row).await?;
            tx.audit(event(
                now,
                "admin.add_institution",
                format!("institution/{}", row.id),
                &row.id.to_string(),
            ))
            .await?;
            tx.commit().await?;
            println!("institution {} {}", row.code, row.id);
        }
        Act::SetMail {
            username,
            address,
            language,
        } => set_mail(store, &username, address, language, now).await?,
        Act::AddAccount {
            username,
            institution,
            role,
            name,
            department,
            title,
            licence,
        } => {
            let home = store
                .reader()
                .institution_by_code(&institution)
                .await?
                .ok_or_else(|| anyhow::anyhow!("no institution {institution}"))?;
            let mut made = new_account(store, &username, home.id, role, (&name, &department), None)?;
            made.account.title = title;
            made.account.licence = licence;
            let mut tx = store.begin().await?;
            tx.insert_account(&made.account).await?;
            tx.audit(event(
                now,
                "admin.add_account",
                format!("account/{}", made.account.id),
                &home.id.to_string(),
            ))
            .await?;
            tx.commit().await?;
            println!("user name  {}", made.account.username);
            println!("password   {}", made.password);
            println!("seed       {}", made.totp.base32().as_str());
            println!(
                "address    {}",
                made.totp
                    .provisioning_uri("Consilium", &made.account.username)
                    .as_str()
            );
        }
    }
    Ok(())
}

async fn set_mail(
    store: &Store,
    username: &str,
    address: Option<String>,
    locale: String,
    now: Timestamp,
) -> anyhow::Result<()> {
    let account = store
        .reader()
        .account_by_username(&canonical_username(username))
        .await?
        .ok_or_else(|| anyhow::anyhow!("no account {username}"))?;
    if let Some(address) = &address {
        mail::check_address(address).map_err(|_| anyhow::anyhow!("this is not a mail address"))?;
    }
    let given = address.map(|address| MailAddress {
        address: Clear::new(address),
        locale,
    });
    let mut tx = store.begin().await?;
    tx.set_mail_address(account.id, given.as_ref()).await?;
    tx.audit(event(
        now,
        "admin.set_mail",
        format!("account/{}", account.id),
        &account.institution.to_string(),
    ))
    .await?;
    Ok(tx.commit().await?)
}
