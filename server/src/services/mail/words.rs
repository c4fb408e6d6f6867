//! What a mail says: one sentence in the language of the account, and where to act. No patient data.

use consilium_domain::{ClockKind, NoticeKind};
use consilium_protocol::{notice::Notice, page::Locale};

const fn pair(zh: &'static str, en: &'static str, locale: Locale) -> &'static str {
    match locale {
        Locale::ZhCn => zh,
        Locale::En => en,
    }
}

/// What happened and what is asked.
const fn sentence(kind: NoticeKind, locale: Locale) -> &'static str {
    use NoticeKind as K;
    let (zh, en) = match kind {
        K::InvitationReceived => (
            "收到会诊邀请，请答复",
            "An invitation to a consultation awaits your answer",
        ),
        K::InvitationAccepted => ("一家机构已接受邀请", "An institution has accepted the invitation"),
        K::InvitationDeclined => ("一家机构已谢绝邀请", "An institution has declined the invitation"),
        K::InvitationExpired => ("一份邀请逾期未答复", "An invitation ran out without an answer"),
        K::InvitationRevoked => ("牵头机构已撤回邀请", "The lead has taken the invitation back"),
        K::InvitationWithdrawn => ("一家机构已退出会诊", "An institution has withdrawn"),
        K::InvitationsSettled => (
            "各机构均已答复，可以开始准备",
            "All have answered; preparation can begin",
        ),
        K::TooFewAccepted => (
            "接受邀请的机构不足两家，请另邀机构或改期",
            "Fewer than two institutions accepted; invite others or change the time",
        ),
        K::Rescheduled => (
            "会诊改期，请确认新时间",
            "The consultation has a new time; please confirm it",
        ),
        K::DataRequestReceived => ("收到数据查询请求", "A data request has come"),
        K::DataRequestVerified => ("数据查询请求已通过核验", "A data request was found legitimate"),
        K::DataRequestRefused => ("数据查询请求被拒绝", "A data request was refused"),
        K::DataRequestCancelled => ("数据查询请求已撤回", "A data request was taken back"),
        K::SubmissionReceived => ("收到一批数据，请审核", "Data has arrived; please check it"),
        K::SubmissionAccepted => ("所提供的数据已接收", "The data you gave was taken"),
        K::SubmissionReturned => (
            "所提供的数据被退回，请补正",
            "The data you gave was sent back; please complete it",
        ),
        K::CorrectionRequested => ("收到数据修正通知", "Data must be corrected"),
        K::CorrectionReceived => (
            "收到修正后的数据，请核对",
            "Corrected data has arrived; please check it",
        ),
        K::CorrectionVerified => ("数据修正已通过核对", "A correction was found right"),
        K::CorrectionRejected => (
            "数据修正未通过核对，请再次修正",
            "A correction was found wrong; please correct it again",
        ),
        K::CorrectionWaived => ("牵头机构已免除一项数据修正", "The lead does without a correction"),
        K::PackageFrozen => ("会诊病例数据包已定稿", "The case package was frozen"),
        K::SessionStarted => ("会诊已开始", "The session has begun"),
        K::SessionEnded => (
            "会诊已结束，请提交会诊意见",
            "The session has ended; opinions are due",
        ),
        K::ConsultationCancelled => ("会诊已取消", "The consultation was cancelled"),
        K::OpinionSubmitted => ("有新的会诊意见", "An opinion was submitted"),
        K::QuestionAsked => (
            "会诊中有向贵院的提问，请回答",
            "A question of the session awaits your answer",
        ),
        K::QuestionAnswered => ("会诊中的提问已有回答", "A question of the session was answered"),
        K::QuestionWithdrawn => (
            "会诊中的一条提问已撤回",
            "A question of the session was taken back",
        ),
        K::ReportSigned => ("会诊报告已签发", "The report was signed"),
        K::DeadlineNear => ("有事项即将到期", "A deadline comes near"),
        K::DeadlinePassed => ("有事项已逾期", "A deadline has passed"),
        K::TransferFailed => (
            "有消息未能送达，需要人工处理",
            "A message could not be delivered and needs a person",
        ),
        K::ExchangeSuspended => (
            "数据交换已暂停，所有时限停止计时",
            "The exchange is suspended; all clocks stand still",
        ),
        K::ExchangeResumed => (
            "数据交换已恢复，时限继续计时",
            "The exchange goes on; all clocks run again",
        ),
        K::ConsentEnded => (
            "知情同意已撤回或到期，数据不再可读",
            "Consent was withdrawn or ran out; data can no longer be read",
        ),
        K::ExpertDoubleBooked => (
            "一位专家在同一时间被两次会诊点名",
            "An expert is named in two consultations at one time",
        ),
    };
    pair(zh, en, locale)
}

const fn duty(clock: ClockKind, locale: Locale) -> &'static str {
    match clock {
        ClockKind::InvitationAnswer => pair("答复会诊邀请", "answer the invitation", locale),
        ClockKind::DataProvision => pair("提供数据", "provide data", locale),
        ClockKind::Correction => pair("修正数据", "correct data", locale),
        ClockKind::Opinion => pair("提交会诊意见", "give an opinion", locale),
        ClockKind::Question => pair("回答会中提问", "answer a question of the session", locale),
    }
}

/// Subject and text of the mail of a notice. `base` is the address of this site.
#[must_use]
pub(super) fn compose(notice: &Notice, locale: Locale, base: &str) -> (String, String) {
    let sentence = sentence(notice.kind, locale);
    let subject = if notice.number.is_empty() {
        sentence.to_owned()
    } else {
        format!("{} · {sentence}", notice.number)
    };
    let label = |zh, en| pair(zh, en, locale);
    let mut text = format!("{sentence}{}\n\n", label("。", "."));
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{label}{value}\n"));
        }
    };
    line(label("会诊编号：", "Consultation: "), &notice.number);
    if let Some(institution) = &notice.institution {
        let name = match locale {
            Locale::ZhCn => &institution.name_zh,
            Locale::En => &institution.name_en,
        };
        line(label("机构：", "Institution: "), name);
    }
    if let Some(clock) = notice.clock {
        line(label("事项：", "Duty: "), duty(clock, locale));
    }
    if let Some(at) = notice.at {
        line(label("时间：", "Time: "), &format!("{} (UTC+8)", at.display()));
    }
    text.push_str(&format!(
        "\n{}\n{base}{}\n",
        label("请登录处理：", "Sign in to act:"),
        notice.link
    ));
    (subject, text)
}

#[cfg(test)]
mod tests {
    use consilium_domain::{NoticeId, Timestamp};

    use super::*;

    #[test]
    fn every_kind_says_something_of_its_own_in_both_languages() {
        for locale in [Locale::ZhCn, Locale::En] {
            let mut all: Vec<_> = NoticeKind::ALL
                .iter()
                .map(|kind| sentence(*kind, locale))
                .collect();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), NoticeKind::ALL.len());
        }
    }

    #[test]
    fn a_mail_names_number_duty_and_time_and_leads_to_the_place() {
        let notice = Notice {
            id: NoticeId(uuid::Uuid::nil()),
            kind: NoticeKind::DeadlineNear,
            consultation_id: None,
            number: "HZ-20261123-0001".to_owned(),
            institution: None,
            clock: Some(ClockKind::Correction),
            at: Some(Timestamp::from_ms(0)),
            code: None,
            item: None,
            link: "/consultations/1/data".to_owned(),
            created_at: Timestamp::from_ms(0),
            read_at: None,
        };
        let (subject, text) = compose(&notice, Locale::ZhCn, "https://consilium.example");
        assert_eq!(subject, "HZ-20261123-0001 · 有事项即将到期");
        assert!(text.contains("事项：修正数据"), "{text}");
        assert!(text.contains("时间：1970-01-01 08:00"), "{text}");
        assert!(
            text.ends_with("https://consilium.example/consultations/1/data\n"),
            "{text}"
        );
        let (subject, _) = compose(&notice, Locale::En, "");
        assert_eq!(subject, "HZ-20261123-0001 · A deadline comes near");
    }
}
