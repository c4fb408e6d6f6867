//! Texts of the viewer.

use consilium_protocol::page::Locale;

use super::command::Tool;
use crate::i18n::texts;

texts! {
    /// The viewer.
    pub struct ViewerTexts {
        stage: "影像：滚轮或方向键翻层，问号键查看全部按键", "Image: wheel or arrow keys scroll, question mark lists all keys";
        tools: "影像工具", "Image tools";
        tool_window: "窗宽窗位", "Window and level";
        tool_scroll: "翻层", "Scroll";
        tool_pan: "平移", "Pan";
        tool_zoom: "缩放", "Zoom";
        tool_length: "长度测量", "Length";
        tool_arrow: "箭头与文字", "Arrow with text";
        tool_freehand: "勾画区域", "Freehand region";
        invert: "反相", "Invert";
        reset: "复位", "Reset";
        help: "按键说明", "Keys";
        presets: "窗预设", "Presets";
        no_preset: "自定义窗", "Custom";
        slices: "层", "Slice";
        slice_label: "层 {} / {}", "Slice {} / {}";
        window_label: "窗宽 {} 窗位 {}", "W {} L {}";
        original: "原始质量", "original quality";
        loading: "正在载入", "loading";
        failed: "这一层未能载入", "this slice could not be loaded";
        retry: "重试", "Try again";
        lossy: "源图有损压缩", "lossy source";
        length: "长", "Length";
        area: "面积", "Area";
        mean: "均值", "Mean";
        pixels: "像素", "px";
        source_fiducial: "标尺校准", "calibrated by fiducial";
        source_geometry: "几何校准", "calibrated by geometry";
        source_calibrated: "已校准，方法未说明", "calibrated, method not stated";
        source_detector: "探测器平面", "at the detector";
        source_magnification: "按放大率估计", "estimated magnification";
        source_none: "无像素间距", "no pixel spacing";
        preset_brain: "脑窗", "Brain";
        preset_subdural: "硬膜下窗", "Subdural";
        preset_stroke: "卒中窗", "Stroke";
        preset_soft_tissue: "软组织窗", "Soft tissue";
        preset_bone: "骨窗", "Bone";
        preset_lung: "肺窗", "Lung";
        preset_mediastinum: "纵隔窗", "Mediastinum";
        preset_abdomen: "腹窗", "Abdomen";
        preset_angiography: "血管窗", "Angiography";
        arrow_text: "箭头文字", "Text of the arrow";
        arrow_hint: "输入文字后按回车，Esc 取消", "Type, then Enter; Esc gives up";
        help_title: "按键与手势", "Keys and gestures";
        help_scroll: "滚轮、↑ ↓、PageUp PageDown、Home End", "Wheel, ↑ ↓, PageUp PageDown, Home End";
        help_zoom: "Ctrl + 滚轮、+ −、双指捏合", "Ctrl + wheel, + −, pinch";
        help_pan: "按住空格或中键拖动", "Drag with space or the middle button";
        help_window: "拖动，或右键拖动；[ ] 移窗位，{ } 改窗宽", "Drag, or drag with the right button; [ ] level, { } width";
        help_presets: "数字键 1–6", "Number keys 1–6";
        help_draw: "按下、拖动、松开；或回车取点，方向键移动", "Press, drag, let go; or Enter sets points, arrows move";
        help_delete: "删除选中的本人标注", "Remove your selected annotation";
        help_cancel: "取消", "Give up";
        help_follow: "跟随主讲", "Follow the presenter";
        close: "关闭", "Close";
        no_images: "还没有影像", "No images yet";
        no_images_hint: "请在会诊页上传 DICOM 影像，随后会出现在这里。", "Upload DICOM images on the consultation page; they will appear here.";
        series_list: "序列", "Series";
        series_loaded: "{} / {} 已载入", "{} / {} loaded";
    }
}

/// Name of a tool.
#[must_use]
pub const fn tool(tool: Tool, words: &ViewerTexts) -> &'static str {
    match tool {
        Tool::Window => words.tool_window,
        Tool::Scroll => words.tool_scroll,
        Tool::Pan => words.tool_pan,
        Tool::Zoom => words.tool_zoom,
        Tool::Length => words.tool_length,
        Tool::Arrow => words.tool_arrow,
        Tool::Freehand => words.tool_freehand,
    }
}

/// Name of a CT preset by its key; of no preset when the key is unknown.
#[must_use]
pub fn preset(key: &str, locale: Locale) -> &'static str {
    let words = ViewerTexts::of(locale);
    match key {
        "brain" => words.preset_brain,
        "subdural" => words.preset_subdural,
        "stroke" => words.preset_stroke,
        "soft-tissue" => words.preset_soft_tissue,
        "bone" => words.preset_bone,
        "lung" => words.preset_lung,
        "mediastinum" => words.preset_mediastinum,
        "abdomen" => words.preset_abdomen,
        "angiography" => words.preset_angiography,
        _ => words.no_preset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consilium_imaging::presets::CT_PRESETS;

    #[test]
    fn every_preset_has_a_name() {
        for preset_ in CT_PRESETS {
            for locale in [Locale::ZhCn, Locale::En] {
                assert_ne!(
                    preset(preset_.key, locale),
                    ViewerTexts::of(locale).no_preset,
                    "{}",
                    preset_.key
                );
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (key, zh, en) in ViewerTexts::PAIRS {
            assert!(!zh.trim().is_empty() && !en.trim().is_empty(), "{key}");
            assert_eq!(zh.matches("{}").count(), en.matches("{}").count(), "{key}");
        }
    }
}
