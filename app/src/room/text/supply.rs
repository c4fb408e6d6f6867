//! Texts of data added in the session, of history, and of the call.

use crate::i18n::texts;

texts! {
    /// Data of the case and data added.
    pub struct SupplyTexts {
        package: "病例包 v{}", "Case package v{}";
        cite_into: "点选一行即引用到", "Click a row to cite it in";
        into_opinion: "我的意见", "my opinion";
        into_line: "发言", "the discussion";
        title: "补充资料", "Add data";
        hint: "拖到此处或选择文件：DICOM、CSV 或 JSON 数据、PDF、PNG、JPEG。均经校验与脱敏，标明来源后所有人可见。", "Drop here or choose files: DICOM, rows as CSV or JSON, PDF, PNG, JPEG. All are checked and masked, and appear to everybody with their source.";
        progress: "已处理 {} / {}", "{} of {} done";
        waiting: "等待发送", "waiting";
        sending: "正在发送", "sending";
        taken: "已加入", "added";
        known: "此前已有", "was here before";
        rows_taken: "收入 {} 行，退回 {} 行", "{} rows taken, {} refused";
        colon: "：", ": ";
        confirm: "已核对，发送", "I have looked; send it";
        attachments: "补充的文件", "Documents added";
        query: "请机构补充数据", "Ask for data";
        query_whom: "数据提供机构", "Institution";
        query_what: "需要的数据", "Data wanted";
        query_category: "类别", "Category";
        query_why: "用途说明", "Why it is needed";
        query_send: "发送请求", "Send the request";
        requests: "会诊中的数据请求", "Data asked for in the session";
        give_rows: "用文件回复（CSV、JSON）：校验、脱敏后立即共享", "Answer with a file (CSV, JSON): checked, masked and shared at once";
        query_sent: "请求已发出，对方的时限已开始计算。", "The request has been sent and its clock runs.";
    }
}

texts! {
    /// The history of the room.
    pub struct PastTexts {
        title: "会诊室历史", "History of the room";
        open: "历史", "History";
        close: "回到现在", "Back to now";
        play: "播放", "Play";
        pause: "停止播放", "Stop";
        slider: "时刻", "Moment";
        moment: "第 {} / {} 步 · {} · {}", "Step {} of {} · {} · {}";
        empty: "还没有任何改动。", "Nothing has been changed yet.";
        failed: "历史没有读到，请稍后再试。", "The history could not be read; try again later.";
        reading: "已读取 {} 步", "{} steps read";
        what_annotation: "标注", "annotation";
        what_opinion: "意见草稿", "draft opinion";
        what_line: "发言", "line";
        what_session: "主讲或隐藏", "chair or hiding";
        added: "新增：{}", "added: {}";
        removed: "删除：{}", "removed: {}";
        changed: "修改：{}", "changed: {}";
        nothing: "准备", "preparation";
    }
}

texts! {
    /// The call.
    pub struct CallTexts {
        join: "加入通话", "Join the call";
        leave: "离开通话", "Leave the call";
        mute: "静音", "Mute";
        unmute: "取消静音", "Unmute";
        camera_on: "开摄像头", "Camera on";
        camera_off: "关摄像头", "Camera off";
        calls: "通话中 {} 人", "{} in the call";
        full: "通话最多 6 人，目前已满。", "The call is full: six at most.";
        no_device: "不能使用麦克风，请检查浏览器权限。", "The microphone cannot be used; check the browser's permission.";
        title: "通话", "Call";
        open: "视频会议", "Video conference";
        elsewhere: "在新窗口打开医院的视频会议系统", "Opens the hospital's conference system in a new window";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_gaps() {
        let all = SupplyTexts::PAIRS
            .iter()
            .chain(PastTexts::PAIRS)
            .chain(CallTexts::PAIRS);
        for (key, zh, en) in all {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
            assert!(!zh.contains(['!', '！']) && !en.contains('!'), "{key}");
        }
    }
}
