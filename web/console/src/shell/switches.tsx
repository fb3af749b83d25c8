// Language and appearance: two small radio groups, used before log-in and in the user menu.
import { chooseTheme, type ThemeChoice, useThemeChoice } from "../look/theme";
import { chooseLanguage, type Language, useLanguage, useText } from "../text";

interface SwitchProps<Value extends string> {
  label: string;
  name: string;
  value: Value;
  options: readonly { value: Value; word: string; lang?: string }[];
  choose: (value: Value) => void;
}

function Switch<Value extends string>({ label, name, value, options, choose }: SwitchProps<Value>) {
  return (
    <fieldset className="switch">
      <legend className="hidden-text">{label}</legend>
      {options.map((option) => (
        <label key={option.value} lang={option.lang} className={option.value === value ? "chosen" : ""}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => choose(option.value)} />
          {option.word}
        </label>
      ))}
    </fieldset>
  );
}

export function LanguageSwitch() {
  const t = useText();
  const language = useLanguage();
  return (
    <Switch<Language>
      label={t("language")} name="language" value={language} choose={chooseLanguage}
      options={[{ value: "zh-CN", word: t("language.zh"), lang: "zh-CN" }, { value: "en", word: t("language.en"), lang: "en" }]}
    />
  );
}

export function ThemeSwitch() {
  const t = useText();
  const theme = useThemeChoice();
  return (
    <Switch<ThemeChoice>
      label={t("theme")} name="theme" value={theme} choose={chooseTheme}
      options={[
        { value: "system", word: t("theme.system") },
        { value: "light", word: t("theme.light") },
        { value: "dark", word: t("theme.dark") },
      ]}
    />
  );
}
