//! Texts of the boards: who is late, notices, transfers.

use consilium_domain::{MessageKind, NoticeKind};
use consilium_protocol::{notice::Notice, page::Locale};

use super::{fill, institution_name, preparation, sentence, terms::pick};

super::texts! {
    /// Who is late with what.
    pub struct LateTexts {
        title: "谁逾期了", "Who is late";
        summary: "{} 项逾期，{} 项在计时", "{} overdue, {} running";
        none: "没有在计时的事项", "Nothing is running";
        teach: "邀请、数据请求、更正通知和意见都有期限。发出后在这里按机构列出，逾期的排在最前。", "Invitations, data requests, correction notices and opinions have deadlines. Once sent they are listed here by institution, overdue ones first.";
        overdue: "{} 项逾期", "{} overdue";
        own: "本院", "Your institution";
        column_what: "事项", "Duty";
        column_case: "会诊", "Consultation";
        column_due: "期限", "Deadline";
        column_then: "逾期后", "When it passes";
        column_act: "处理", "Act";
        paused: "已暂停计时", "clock stopped";
        go: "去处理", "Go there";
        see: "查看", "See";
    }
}

super::texts! {
    /// The reader's notices.
    pub struct NoticeTexts {
        title: "通知", "Notices";
        unread: "{} 条未读", "{} unread";
        all_read: "没有未读通知", "Nothing unread";
        read_all: "全部标为已读", "Mark all as read";
        none: "还没有通知", "No notices yet";
        teach: "邀请、数据、更正、期限和报告有进展时，会在这里和左侧的计数中显示，并链接到处理的地方。", "When invitations, data, corrections, deadlines or reports move on, you are told here and in the count at the side, with a link to the place to act.";
        new_one: "新通知", "New notice";
        open: "打开", "Open";
        is_unread: "未读", "unread";
        more: "更早的通知", "Earlier notices";
        element: "表 1 第 {} 项", "element {} of Table 1";
    }
}

super::texts! {
    /// Deliveries.
    pub struct TransferTexts {
        title: "交换记录", "Transfers";
        lead: "本院发给其他机构的每一条消息。未送达的排在最前。", "Every message your institution has sent to others, failed ones first.";
        failed: "{} 条未送达，需要处理", "{} not delivered: act on them";
        none_failed: "没有未送达的消息", "Everything was delivered";
        none: "还没有发出的消息", "Nothing sent yet";
        teach: "发出邀请、数据请求或资料后，每次送达都会记录在这里。", "Once you send an invitation, a data request or data, every delivery is on record here.";
        suspended: "交换自 {} 起暂停，恢复后自动继续发送。", "The exchange is suspended since {}; sending goes on by itself when it resumes.";
        column_message: "消息", "Message";
        column_to: "接收机构", "Receiver";
        column_state: "状态", "State";
        column_time: "时间", "Time";
        column_act: "处理", "Act";
        cause: "原因：{}", "Cause: {}";
        tries: "已尝试 {} 次", "tried {} times";
        tries_run: "第 {} 轮，已尝试 {} 次", "round {}, tried {} times";
        next: "下次重试 {}", "next try {}";
        delivered: "{} 送达", "delivered {}";
        held: "等待前一条未送达的消息", "waits behind an earlier one that failed";
        resend: "重新发送", "Send again";
        abandon: "放弃", "Give up";
        abandon_reason: "放弃的原因", "Reason for giving up";
        abandon_question: "放弃后，对方不会收到这条消息；其后的消息继续发送。", "The receiver will not get this message; later ones go on.";
    }
}

/// A notice in words. Gaps: `{i}` institution, `{k}` what is due, `{t}` time, `{c}` cause, `{m}` what it names.
const fn template(kind: NoticeKind, locale: Locale) -> &'static str {
    use NoticeKind as N;
    pick(
        locale,
        match kind {
            N::InvitationReceived => (
                "{i}邀请本院参加会诊，请在 {t} 前答复",
                "{i} invites your institution; answer before {t}",
            ),
            N::InvitationAccepted => ("{i}接受了邀请", "{i} has accepted"),
            N::InvitationDeclined => ("{i}谢绝了邀请", "{i} has declined"),
            N::InvitationExpired => ("{i}逾期未答复邀请", "{i} did not answer in time"),
            N::InvitationRevoked => ("{i}撤回了邀请", "{i} took the invitation back"),
            N::InvitationWithdrawn => ("{i}退出了会诊", "{i} has withdrawn"),
            N::InvitationsSettled => (
                "各机构均已答复，可以准备资料",
                "All have answered; preparation begins",
            ),
            N::TooFewAccepted => (
                "接受邀请的机构不足两家，会诊退回草稿，请另行邀请",
                "Fewer than two accepted; the consultation is a draft again: invite others",
            ),
            N::Rescheduled => (
                "会诊改期至 {t}，请确认",
                "The session moves to {t}; please confirm",
            ),
            N::DataRequestReceived => ("{i}请求数据，期限 {t}", "{i} asks for data, due {t}"),
            N::DataRequestVerified => ("{i}已核验数据请求，开始收集", "{i} has verified the data request"),
            N::DataRequestRefused => ("{i}拒绝了数据请求。{c}", "{i} refused the data request. {c}"),
            N::DataRequestCancelled => ("{i}取消了数据请求", "{i} took the data request back"),
            N::SubmissionReceived => ("{i}提交了数据，请接收", "{i} has released data; please accept it"),
            N::SubmissionAccepted => ("{i}已接收本院数据", "{i} has accepted your data"),
            N::SubmissionReturned => (
                "{i}退回了本院数据，请补充",
                "{i} sent your data back; please complete it",
            ),
            N::CorrectionRequested => ("{i}请求更正 {m}，期限 {t}", "{i} asks to correct {m}, due {t}"),
            N::CorrectionReceived => ("{i}已更正 {m}，请核对", "{i} has corrected {m}; please verify"),
            N::CorrectionVerified => ("{i}核对无误：{m}", "{i} found the correction right: {m}"),
            N::CorrectionRejected => (
                "{i}认为更正仍有误：{m}",
                "{i} finds the correction still wrong: {m}",
            ),
            N::CorrectionWaived => ("{i}不再要求更正 {m}", "{i} does without the correction of {m}"),
            N::PackageFrozen => ("病例资料包已固定", "The case package is frozen"),
            N::SessionStarted => ("会诊开始", "The session has begun"),
            N::SessionEnded => (
                "会诊结束，请在 {t} 前提交意见",
                "The session has ended; opinions are due {t}",
            ),
            N::ConsultationCancelled => ("会诊已取消", "The consultation was cancelled"),
            N::OpinionSubmitted => ("{i}提交了意见", "{i} submitted an opinion"),
            N::QuestionAsked => (
                "{i}在会诊中向本院提问，请在 {t} 前回答",
                "{i} asks your institution in the session; answer before {t}",
            ),
            N::QuestionAnswered => ("{i}回答了提问", "{i} has answered a question"),
            N::QuestionWithdrawn => ("{i}撤回了提问", "{i} took a question back"),
            N::ReportSigned => ("会诊报告已签发", "The report is signed"),
            N::DeadlineNear => ("期限将至：{i}须在 {t} 前{k}", "Due soon: {i}, {k}, {t}"),
            N::DeadlinePassed => ("已逾期：{i}应在 {t} 前{k}", "Overdue: {i}, {k}, {t}"),
            N::TransferFailed => ("“{m}”未能送达{i}。{c}", "“{m}” was not delivered to {i}. {c}"),
            N::ExchangeSuspended => (
                "机构间交换已暂停，期限停止计时",
                "The exchange is suspended; the clocks stand still",
            ),
            N::ExchangeResumed => (
                "机构间交换已恢复，期限继续计时",
                "The exchange goes on; the clocks run",
            ),
            N::ConsentEnded => (
                "患者同意已撤回或到期，不再收集和查看数据",
                "Consent has ended: no more data is collected or read",
            ),
            N::ExpertDoubleBooked => (
                "专家在同一时间列入两次会诊",
                "An expert is named in two consultations at one time",
            ),
        },
    )
}

/// What a notice says.
#[must_use]
pub fn notice(of: &Notice, locale: Locale) -> String {
    let institution = of
        .institution
        .as_ref()
        .map(|institution| institution_name(institution, locale))
        .unwrap_or_default();
    let clock = of.clock.map_or("", |clock| preparation::clock(clock, locale));
    let at = of.at.map(crate::format::short).unwrap_or_default();
    let cause = of.code.as_deref().map_or("", |code| sentence(code, locale));
    // An item is a kind of message, or the number of an element.
    let item = of.item.as_deref().unwrap_or_default();
    let item = match item.parse::<MessageKind>() {
        Ok(kind) => preparation::message(kind, locale).to_owned(),
        Err(_) if item.is_empty() => String::new(),
        Err(_) => fill(NoticeTexts::of(locale).element, &[item]),
    };
    let text = template(of.kind, locale)
        .replace("{i}", &institution)
        .replace("{k}", clock)
        .replace("{t}", &at)
        .replace("{c}", cause)
        .replace("{m}", &item);
    text.trim_end().to_owned()
}

/// The title of the page's tab with the number of unread notices before it.
#[must_use]
pub fn unread(count: u64, locale: Locale) -> String {
    fill(super::Common::of(locale).unread, &[&count.to_string()])
}
