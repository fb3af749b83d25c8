//! Whole numbers as the names of prompts, in Chinese and English.
//!
//! The rules and the names are those of `flows/prompts/README.md`, carried on to larger numbers.

/// Chinese numbers from here on need 亿, which has no prompt: they are read digit by digit.
const CHINESE_MAX: u32 = 99_999_999;
/// English numbers from here on need "million".
const ENGLISH_MAX: u32 = 999_999;

/// The prompts that say a number; a language that is not known is taken for English.
pub fn number(value: u32, language: &str) -> Vec<String> {
    let chinese = language.starts_with("zh");
    match value {
        0 => vec![if chinese { "number_zero" } else { "digit_0" }.into()],
        _ if chinese && value <= CHINESE_MAX => chinese_number(value),
        _ if !chinese && value <= ENGLISH_MAX => english_number(value),
        _ => digits(&value.to_string(), language),
    }
}

/// The prompts that say digits one by one; `*` and `#` may have prompts too, what is neither is left out. A Chinese 1 in
/// a row of digits is 幺, which cannot be mistaken for 7.
pub fn digits(text: &str, language: &str) -> Vec<String> {
    let chinese = language.starts_with("zh");
    let name = |character| match character {
        '1' if chinese => Some("digit_1_yao".into()),
        '0'..='9' => Some(format!("digit_{character}")),
        '*' => Some("digit_star".into()),
        '#' => Some("digit_pound".into()),
        _ => None,
    };
    text.chars().filter_map(name).collect()
}

fn chinese_number(value: u32) -> Vec<String> {
    let mut words = Vec::new();
    let (high, low) = (value / 10_000, value % 10_000);
    if high > 0 {
        if high == 2 {
            words.push("number_two_liang".into());
        } else {
            chinese_section(high, &mut words);
        }
        words.push("number_ten_thousand".into());
        // 一万零一百: a gap in front of the lower section is said once.
        if low > 0 && low < 1_000 {
            words.push("number_zero".into());
        }
    }
    if low > 0 {
        chinese_section(low, &mut words);
    }
    words
}

/// Up to 9,999, after what was said before.
fn chinese_section(value: u32, words: &mut Vec<String>) {
    let (mut started, mut gap) = (false, false);
    for (place, unit) in
        [(1_000, Some("number_thousand")), (100, Some("number_hundred")), (10, Some("number_ten")), (1, None)]
    {
        let digit = value / place % 10;
        if digit == 0 {
            gap = started;
            continue;
        }
        if gap {
            words.push("number_zero".into());
            gap = false;
        }
        match (digit, place) {
            // 十五, not 一十五, when the number begins with it.
            (1, 10) if words.is_empty() => {}
            (2, 100 | 1_000) => words.push("number_two_liang".into()),
            _ => words.push(format!("digit_{digit}")),
        }
        words.extend(unit.map(str::to_owned));
        started = true;
    }
}

fn english_number(value: u32) -> Vec<String> {
    let mut words = Vec::new();
    let (high, low) = (value / 1_000, value % 1_000);
    if high > 0 {
        english_section(high, &mut words);
        words.push("number_thousand".into());
    }
    english_section(low, &mut words);
    words
}

fn english_section(value: u32, words: &mut Vec<String>) {
    if value >= 100 {
        words.push(format!("digit_{}", value / 100));
        words.push("number_hundred".into());
    }
    match value % 100 {
        0 => {}
        ones @ 1..=9 => words.push(format!("digit_{ones}")),
        teens @ 10..=19 => words.push(format!("number_{teens}")),
        tens => {
            words.push(format!("number_{}", tens / 10 * 10));
            if tens % 10 > 0 {
                words.push(format!("digit_{}", tens % 10));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words as characters.
    fn chinese(value: u32) -> String {
        let word = |name: &String| match name.as_str() {
            "number_ten" => '十',
            "number_hundred" => '百',
            "number_thousand" => '千',
            "number_ten_thousand" => '万',
            "number_zero" => '零',
            "number_two_liang" => '两',
            "digit_1_yao" => '幺',
            digit => "零一二三四五六七八九".chars().nth(digit[6..].parse().unwrap()).unwrap(),
        };
        number(value, "zh").iter().map(word).collect()
    }

    #[test]
    fn chinese_numbers_are_said_as_people_say_them() {
        for (value, words) in [
            (0, "零"),
            (2, "二"),
            (10, "十"),
            (15, "十五"),
            (20, "二十"),
            (22, "二十二"),
            (101, "一百零一"),
            (110, "一百一十"),
            (200, "两百"),
            (222, "两百二十二"),
            (1_001, "一千零一"),
            (1_010, "一千零一十"),
            (1_200, "一千两百"),
            (2_022, "两千零二十二"),
            (10_000, "一万"),
            (10_100, "一万零一百"),
            (10_010, "一万零一十"),
            (22_000, "两万两千"),
            (120_000, "十二万"),
            (200_003, "二十万零三"),
            (1_010_000, "一百零一万"),
            (99_999_999, "九千九百九十九万九千九百九十九"),
            (100_000_001, "幺零零零零零零零幺"),
        ] {
            assert_eq!(chinese(value), words, "{value}");
        }
    }

    #[test]
    fn english_numbers_are_said_as_people_say_them() {
        for (value, words) in [
            (0, "digit_0"),
            (7, "digit_7"),
            (10, "number_10"),
            (19, "number_19"),
            (20, "number_20"),
            (45, "number_40 digit_5"),
            (100, "digit_1 number_hundred"),
            (312, "digit_3 number_hundred number_12"),
            (2_000, "digit_2 number_thousand"),
            (45_006, "number_40 digit_5 number_thousand digit_6"),
            (1_000_000, "digit_1 digit_0 digit_0 digit_0 digit_0 digit_0 digit_0"),
        ] {
            assert_eq!(number(value, "en").join(" "), words, "{value}");
        }
    }

    #[test]
    fn digits_are_said_one_by_one() {
        assert_eq!(digits("801", "zh-CN"), ["digit_8", "digit_0", "digit_1_yao"]);
        assert_eq!(digits("+86 10*#", "en"), ["digit_8", "digit_6", "digit_1", "digit_0", "digit_star", "digit_pound"]);
    }
}
