//! Texts of the live room.

mod session;
mod supply;

pub use self::{
    session::{SessionTexts, TalkTexts},
    supply::{CallTexts, PastTexts, SupplyTexts},
};
use crate::i18n::texts;

texts! {
    /// The live room.
    pub struct RoomTexts {
        people: "在场人员", "People here";
        you: "我", "you";
        presents: "主讲", "presenting";
        follow: "跟随主讲", "Follow presenter";
        following: "跟随 {}", "Following {}";
        no_presenter: "还没有人主讲", "Nobody presents yet";
        present: "开始主讲", "Present";
        stop_presenting: "停止主讲", "Stop presenting";
        paused: "已暂停", "paused";
        end: "结束会诊", "End session";
        end_question: "结束后不能再标注与讨论，确定吗？", "Nobody can annotate or discuss afterwards. End it?";
        end_yes: "确定结束", "End it";
        end_no: "继续会诊", "Go on";
        conclude: "撰写结论", "Write the conclusion";
        back: "返回会诊页", "Back to the consultation";
        running: "已进行 {}", "running {}";
        connecting: "正在连接", "Connecting";
        saved: "已保存", "Saved";
        saving: "正在保存", "Saving";
        offline: "离线，已连上后自动补交", "Offline, will catch up";
        offline_edits: "离线，{} 处改动留在本页", "Offline, {} edits kept in this page";
        read_only: "服务器暂时不能保存，内容只读", "The server cannot store now; reading only";
        refused: "有改动被拒绝", "An edit was refused";
        panel: "意见与讨论", "Opinions and discussion";
        opinions: "意见", "Opinions";
        discussion: "讨论", "Discussion";
        case: "病例", "Case";
        measurements: "测量", "Findings";
        draft: "草稿", "draft";
        typing: "正在写", "writing";
        signed: "已签 v{}", "signed v{}";
        bad_signature: "签名校验不符", "signature does not verify";
        dissent: "保留意见", "Dissent";
        dissent_label: "与多数意见不同，作为保留意见", "I differ from the majority";
        opinion_label: "我的意见", "My opinion";
        opinion_hint: "边写边保存，其他专家同时可见；签名后不能再改。", "Saved and visible to the others as you write; signed opinions cannot be changed.";
        characters: "{} / {} 字", "{} / {} characters";
        submit: "提交并签名", "Submit and sign";
        submit_question: "签名后不能再改，确定提交吗？", "It cannot be changed once signed. Submit?";
        submit_yes: "确定签名", "Sign";
        submit_no: "再看一看", "Not yet";
        cite: "引用", "Cite";
        cite_of: "引用到意见", "Cite in my opinion";
        no_opinions: "还没有意见", "No opinions yet";
        no_opinions_hint: "专家写下的意见会实时出现在这里，签名后进入报告。", "Opinions appear here as consultants write them, and enter the report once signed.";
        discussion_label: "发言", "Say something";
        send: "发送", "Send";
        no_lines: "还没有讨论", "No discussion yet";
        no_lines_hint: "这里的发言所有在场人员可见，并随病例保存。", "Everybody in the room sees it; it is kept with the case.";
        no_annotations: "还没有标注", "No annotations yet";
        no_annotations_hint: "选取下方的长度、箭头或区域工具，在影像上拖动。", "Take length, arrow or region below and drag on the image.";
        remove: "删除", "Remove";
        show: "显示", "Show";
        unknown_author: "已离开的参会者", "A participant who has left";
        why_annotate: "只有专家在会诊进行中才能标注。", "Only consultants may annotate, and only during the session.";
        why_opine: "只有专家可写意见；已签名的意见不能再改。", "Only consultants write opinions, and a signed one cannot be changed.";
        why_discuss: "会诊进行中才能讨论。", "Discussion is open during the session only.";
        why_not_ready: "正在读取会诊室内容。", "The room is being read.";
        why_preset: "预设只用于 CT。", "Presets are for CT.";
        lost_title: "下列内容没有保存到会诊室", "These were not stored in the room";
        lost_hint: "会诊室没有接受它们。内容保留在此，可复制后重新填写。", "The room did not take them. They are kept here to be copied and entered again.";
        lost_opinion: "意见草稿", "Draft opinion";
        lost_line: "发言", "Discussion line";
        lost_annotations: "{} 处标注", "{} annotations";
        dismiss: "知道了", "Close";
        closed_expired: "登录已过期，请重新登录；已保存的内容都在。", "Your session has ended; sign in again. What was saved is kept.";
        closed_revoked: "您在此会诊的权限已被收回。", "Your access to this consultation was taken away.";
        closed_room: "会诊室已关闭。", "The room is closed.";
        edit_not_ready: "会诊室还没有读完，请稍候再试。", "The room has not been read yet; try again in a moment.";
        edit_not_allowed: "目前没有权限作此改动。", "This may not be changed now.";
        edit_too_long: "内容超过允许的长度。", "This is longer than allowed.";
        sign_in: "登录", "Sign in";
        need: "会诊需求", "Question to the consultants";
        diagnosis: "初步诊断", "Preliminary diagnosis";
        complaint: "主诉", "Chief complaint";
        present_illness: "现病史", "Present illness";
        past_history: "既往史", "Past history";
        treatment: "治疗", "Treatment";
        labs: "检验检查", "Laboratory";
        patient: "患者", "Patient";
        institutions: "参与机构", "Institutions";
        lead: "牵头", "lead";
        no_image_yet: "等待影像", "waiting for images";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (key, zh, en) in RoomTexts::PAIRS {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
            assert!(!zh.contains(['!', '！']) && !en.contains('!'), "{key}");
        }
    }
}
