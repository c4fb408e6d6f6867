//! The names of ethnic groups by GB/T 3304, in the order of their codes.

use consilium_protocol::page::Locale;

/// Chinese names without the ending, then the romanised ones.
const NAMES: (&str, &str) = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺",
    "Han Mongol Hui Zang Uygur Miao Yi Zhuang Buyei Chosen Man Dong Yao Bai Tujia Hani Kazak Dai Li Lisu Va She Gaoshan Lahu Sui Dongxiang Naxi Jingpo Kirgiz Tu Daur Mulao Qiang Blang Salar Maonan Gelao Xibe Achang Pumi Tajik Nu Uzbek Russ Ewenki Deang Bonan Yugur Gin Tatar Derung Oroqen Hezhen Monba Lhoba Jino",
);

/// The value that is stored, and what it means in the reader's language.
pub(super) fn proposals(locale: Locale) -> Vec<(String, String)> {
    NAMES
        .0
        .split(' ')
        .zip(NAMES.1.split(' '))
        .map(|(zh, en)| {
            let name = format!("{zh}族");
            let text = if locale == Locale::En {
                en.to_owned()
            } else {
                String::new()
            };
            (name, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_fifty_six_have_both_names() {
        let all = proposals(Locale::En);
        assert_eq!(all.len(), 56);
        assert_eq!(NAMES.1.split(' ').count(), 56);
        assert_eq!(all[55], ("基诺族".to_owned(), "Jino".to_owned()));
        assert_eq!(all[17], ("傣族".to_owned(), "Dai".to_owned()));
    }
}
