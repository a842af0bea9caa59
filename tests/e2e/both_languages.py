# SPDX-License-Identifier: Apache-2.0
"""What a page says in both languages: on an English page nothing is Chinese but data and what is given in both languages by design, on a
Chinese page nothing is English but names. Switched by the page's own button, whatever dialog is open."""

import re

# Everything one can read or hear: texts that are shown, choices, and what stands in labels and titles. Not what names itself: the switch of languages.
READ = """const out = new Set();
const put = (text, where) => { text = (text || '').replace(/\\s+/g, ' ').trim(); if (text) out.add(text + '\\u0001' + where); };
const place = (e) => `${e.tagName.toLowerCase()}${e.id ? '#' + e.id : ''}${typeof e.className === 'string' && e.className ? '.' + e.className.trim().split(/\\s+/).join('.') : ''}`;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.nodeType === 3 ? node.parentElement : node;
  if (element.closest('script, style, code, [lang=zh], [lang=en]:not(html), [data-as-entered]')) continue;
  if (!element.closest('option') && !element.checkVisibility()) continue;
  if (node.nodeType === 3) put(node.data, place(element));
  else for (const name of ['aria-label', 'title', 'placeholder', 'alt']) put(element.getAttribute(name), `${place(element)} ${name}`);
}
put(document.title, 'title');
return [...out]"""
# Notices are called by their Chinese names, and a search box says by example what can be typed.
NAMES = re.compile(r"\S*〔\d{4}〕\d+号|公告\d{4}年第\d+号|, (?:jiangyou|jy|镉|酱油)(?=[, ]|$)")
CHINESE = re.compile(r"[\u3400-\u9fff]")
# two words of small letters that follow each other: a name, a model or a standard's number is none
ENGLISH = re.compile(r"\b[A-Za-z]?[a-z]{2,} (?:[a-z]{2,})\b")


def switch(browser, language):
    browser.js("document.querySelector(`.segments button[lang=${arguments[0]}]`).click()", language)
    browser.until(f"the page in {language}", "return document.documentElement.lang.startsWith(arguments[0])", language)
    browser.do_async("const done = arguments[arguments.length - 1]; requestAnimationFrame(() => setTimeout(done, 50))")  # the title follows what is drawn


def left(browser, language, data):
    """What stands there in the other language and is none of data."""
    found = []
    for row in browser.js(READ):
        text, where = row.split("\u0001")
        rest = NAMES.sub("", text)
        for one in sorted(data, key=len, reverse=True):
            rest = rest.replace(one, "")
        if language == "en" and CHINESE.search(rest):
            found.append(f"{text} ({where})")
        if language == "zh" and not CHINESE.search(text) and ENGLISH.search(rest):
            found.append(f"{text} ({where})")
    return found


def both(browser, name, data, picture):
    """Looks at what is shown in both languages and has a picture taken of each; what is left in the other language."""
    wrong = [f"{name}, zh: {one}" for one in left(browser, "zh", data)]
    picture(name)
    switch(browser, "en")
    wrong += [f"{name}, en: {one}" for one in left(browser, "en", data)]
    picture(f"en-{name}")
    switch(browser, "zh")
    return wrong
