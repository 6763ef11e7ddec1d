"""Answers to "write 3 sentences" in the many layouts of LLMs: `AAA`, `BBB` and `CCC` stand for the sentences."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Sequence

LAYOUTS = {
    # JSON
    "list": '["AAA", "BBB", "CCC"]',
    "list, many lines": '[\n  "AAA",\n  "BBB",\n  "CCC"\n]',
    "list in a fence": '```json\n["AAA", "BBB", "CCC"]\n```',
    "list with a preamble": 'Here is the JSON:\n\n```json\n["AAA", "BBB", "CCC"]\n```\nLet me know!',
    "objects": '[{"id": 1, "sentence": "AAA"}, {"id": 2, "sentence": "BBB"}, {"id": 3, "sentence": "CCC"}]',
    "objects with notes": '[{"text": "AAA", "note": "It is passive, which is a structure of its own in this list of three."}, '
    '{"text": "BBB", "note": "Active."}, {"text": "CCC", "note": "Active."}]',
    "object of a list": '{"unit": "gout", "sentences": ["AAA", "BBB", "CCC"]}',
    "object of objects": '{"data": {"sentences": [{"s": "AAA", "n": 1}, {"s": "BBB", "n": 2}, {"s": "CCC", "n": 3}]}}',
    "object with numbers": '{"1": "AAA", "2": "BBB", "3": "CCC"}',
    "object with named numbers": '{"sentence_1": "AAA", "sentence_2": "BBB", "sentence_3": "CCC"}',
    "JSON lines": '{"sentence": "AAA"}\n{"sentence": "BBB"}\n{"sentence": "CCC"}',
    "numbers in JSON": '["1. AAA", "2. BBB", "3. CCC"]',
    "comma too many": '[\n "AAA",\n "BBB",\n "CCC",\n]',
    "Python": "['AAA', 'BBB', 'CCC']",
    "Python's dictionary": "{1: 'AAA', 2: 'BBB', 3: 'CCC'}",
    "assignment": 'sentences = ["AAA", "BBB", "CCC"]',
    # tables
    "table": "| # | Sentence |\n|---|---|\n| 1 | AAA |\n| 2 | BBB |\n| 3 | CCC |",
    "table, one column": "| Sentence |\n|:---|\n| AAA |\n| BBB |\n| CCC |",
    "table with notes": "| No. | Sentence | Note |\n| --- | --- | --- |\n| 1 | AAA | It is a rather long note on it, so long. |\n"
    "| 2 | BBB | ok |\n| 3 | CCC | ok |",
    "table without borders": "No | Sentence\n--- | ---\n1 | AAA\n2 | BBB\n3 | CCC",
    "table without head": "| 1 | AAA |\n| 2 | BBB |\n| 3 | CCC |",
    "table with a preamble": "Sure:\n\n| Sentence |\n|---|\n| AAA |\n| BBB |\n| CCC |\n\nI hope this helps!",
    "CSV": 'id,sentence\n1,"AAA"\n2,"BBB"\n3,"CCC"',
    "CSV without head": '1,"AAA"\n2,"BBB"\n3,"CCC"',
    "CSV without quotes": "1,AAA\n2,BBB\n3,CCC",
    "CSV in a fence": '```csv\nsentence,label\n"AAA",1\n"BBB",1\n"CCC",1\n```',
    "CSV, text first": "sentence,label\nAAA,1\nBBB,1\nCCC,1",
    "semicolons": "1;AAA\n2;BBB\n3;CCC",
    "tabs": "1\tAAA\n2\tBBB\n3\tCCC",
    "tabs with a head": "No\tSentence\n1\tAAA\n2\tBBB\n3\tCCC",
    # HTML, XML
    "ol": "<ol>\n<li>AAA</li>\n<li>BBB</li>\n<li>CCC</li>\n</ol>",
    "ul on one line": "<ul><li>AAA</li><li>BBB</li><li>CCC</li></ul>",
    "p": "<p>AAA</p>\n<p>BBB</p>\n<p>CCC</p>",
    "br": "AAA<br>\nBBB<br/>\nCCC",
    "page": "<!DOCTYPE html>\n<html><head><title>Gout</title><style>p {color: red}</style></head>\n<body>\n<ol>\n<li>AAA</li>\n"
    "<li>BBB</li>\n<li>CCC</li>\n</ol>\n</body></html>",
    "HTML's table": "<table><tr><th>No</th><th>Sentence</th></tr><tr><td>1</td><td>AAA</td></tr><tr><td>2</td><td>BBB</td></tr>"
    "<tr><td>3</td><td>CCC</td></tr></table>",
    "sentence": "<sentence>AAA</sentence>\n<sentence>BBB</sentence>\n<sentence>CCC</sentence>",
    "sentence id": '<sentences>\n<sentence id="1">AAA</sentence>\n<sentence id="2">BBB</sentence>\n<sentence id="3">CCC</sentence>\n'
    "</sentences>",
    "s1": "<s1>AAA</s1><s2>BBB</s2><s3>CCC</s3>",
    "s": "<s>AAA</s>\n<s>BBB</s>\n<s>CCC</s>",
    "items with notes": "<?xml version='1.0'?>\n<items>"
    + "".join(
        f"<item><id>{n}</id><text>{s}</text><note>It is so.</note></item>"
        for n, s in enumerate(("AAA", "BBB", "CCC"), 1)
    )
    + "</items>",
    "answer": "<answer>\n1. AAA\n2. BBB\n3. CCC\n</answer>",
    "output without numbers": "<output>\nAAA\nBBB\nCCC\n</output>",
    "bold tags": "1. <b>AAA</b>\n2. <i>BBB</i>\n3. <strong>CCC</strong>",
    "numbered elements": "1. <sentence>AAA</sentence>\n2. <sentence>BBB</sentence>\n3. <sentence>CCC</sentence>",
    # LaTeX
    "enumerate": "\\begin{enumerate}\n\\item AAA\n\\item BBB\n\\item CCC\n\\end{enumerate}",
    "document": "```latex\n\\documentclass{article}\n\\begin{document}\n\\begin{itemize}[noitemsep]\n  \\item \\textit{AAA}\n"
    "  \\item BBB\n  \\item[3.] CCC\n\\end{itemize}\n\\end{document}\n```",
    # tokens of chat templates
    "eot_id": "1. AAA\n2. BBB\n3. CCC<|eot_id|>",
    "eot_id, and on": "1. AAA\n2. BBB\n3. CCC<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n1. More please, and longer.",
    "header": "<|start_header_id|>assistant<|end_header_id|>\n\n1. AAA\n2. BBB\n3. CCC",
    "im_end": "<|im_start|>assistant\n1. AAA\n2. BBB\n3. CCC<|im_end|>\n<|im_start|>user\n1. And three sentences about ataxia.",
    "</s>": "1. AAA\n2. BBB\n3. CCC</s>",
    "</s> each": "1. AAA</s>\n2. BBB</s>\n3. CCC</s>",
    "INST": "[/INST] 1. AAA\n2. BBB\n3. CCC [INST] 1. Write more sentences.",
    "INST before": "[INST] Write 1. three 2. sentences [/INST]\n1. AAA\n2. BBB\n3. CCC",
    "INST behind": "1. AAA\n2. BBB\n3. CCC [/INST]",
    "SYS": "<<SYS>> 1. You write. <</SYS>>\n1. AAA\n2. BBB\n3. CCC",
    "model's turn": "<start_of_turn>model\n1. AAA\n2. BBB\n3. CCC<end_of_turn>",
    "assistant": "<|assistant|>\n1. AAA\n2. BBB\n3. CCC\n<|user|>\n1. Thanks a lot for them.",
    "wide bars": "<｜Assistant｜>1. AAA\n2. BBB\n3. CCC<｜end▁of▁sentence｜>",
    "channels": "<|channel|>analysis<|message|>We need 1. three.<|end|><|start|>assistant<|channel|>final<|message|>1. AAA\n2. BBB\n"
    "3. CCC<|return|>",
    "channels without tokens": "analysisWe need three sentences.assistantfinal1. AAA\n2. BBB\n3. CCC",
    "endoftext": "1. AAA\n2. BBB\n3. CCC\n<|endoftext|>",
    # thoughts
    "think": "<think>\n1. First, vary.\n</think>\n1. AAA\n2. BBB\n3. CCC",
    "think, opened by the template": "1. First, vary.\n</think>\n1. AAA\n2. BBB\n3. CCC",
    "THINK": "[THINK]1. First, vary.[/THINK]\n1. AAA\n2. BBB\n3. CCC",
    "triangles": "◁think▷1. First, vary.◁/think▷\n1. AAA\n2. BBB\n3. CCC",
    "begin_of_thought": "<|begin_of_thought|>1. First, vary.<|end_of_thought|>\n<|begin_of_solution|>1. AAA\n2. BBB\n3. CCC<|end_of_solution|>",
    # one line
    "one line": "1. AAA 2. BBB 3. CCC",
    "one line with a preamble": "Here are three sentences: 1. AAA 2. BBB 3. CCC",
    "one line, brackets": "(1) AAA (2) BBB (3) CCC",
    "one line, closed": "1) AAA 2) BBB 3) CCC",
    "one line, bullets": "• AAA • BBB • CCC",
    "one line, dashes": "- AAA - BBB - CCC",
    "one line, quotes": '1. "AAA" 2. "BBB" 3. "CCC"',
    "one line, semicolons": "1. AAA; 2. BBB; 3. CCC",
    "line ends as letters": "1. AAA\\n2. BBB\\n3. CCC",
    # odd numbers
    "S1": "S1: AAA\nS2: BBB\nS3: CCC",
    "#1": "#1 AAA\n#2 BBB\n#3 CCC",
    "Sentence #1": "Sentence #1: AAA\nSentence #2: BBB\nSentence #3: CCC",
    "No. 1": "No. 1: AAA\nNo. 2: BBB\nNo. 3: CCC",
    "Item 1 -": "Item 1 - AAA\nItem 2 - BBB\nItem 3 - CCC",
    "Vignette 1.": "Vignette 1. AAA\nVignette 2. BBB\nVignette 3. CCC",
    "1/3": "1/3: AAA\n2/3: BBB\n3/3: CCC",
    "(1/3)": "(1/3) AAA\n(2/3) BBB\n(3/3) CCC",
    "1/": "1/ AAA\n2/ BBB\n3/ CCC",
    "1.-": "1.- AAA\n2.- BBB\n3.- CCC",
    "1>": "1> AAA\n2> BBB\n3> CCC",
    "1 ->": "1 -> AAA\n2 -> BBB\n3 -> CCC",
    "{1}": "{1} AAA\n{2} BBB\n{3} CCC",
    "<1>": "<1> AAA\n<2> BBB\n<3> CCC",
    "01.": "01. AAA\n02. BBB\n03. CCC",
    "1.1": "1.1 AAA\n1.2 BBB\n1.3 CCC",
    "bare": "1 AAA\n2 BBB\n3 CCC",
    "1st": "1st: AAA\n2nd: BBB\n3rd: CCC",
    "First": "First: AAA\nSecond: BBB\nThird: CCC",
    "Sentence One": "Sentence One: AAA\nSentence Two: BBB\nSentence Three: CCC",
    "A.": "A. AAA\nB. BBB\nC. CCC",
    "(a)": "(a) AAA\n(b) BBB\n(c) CCC",
    "a.": "a. AAA\nb. BBB\nc. CCC",
    "i.": "i. AAA\nii. BBB\niii. CCC",
    "(I)": "(I) AAA\n(II) BBB\n(III) CCC",
    "circled": "① AAA\n② BBB\n③ CCC",
    "dark circles": "❶ AAA\n❷ BBB\n❸ CCC",
    "keycaps": "1\ufe0f\u20e3 AAA\n2\ufe0f\u20e3 BBB\n3\ufe0f\u20e3 CCC",
    "wide": "１．AAA\n２．BBB\n３．CCC",
    "1、": "1、AAA\n2、BBB\n3、CCC",
    "Roman signs": "Ⅰ. AAA\nⅡ. BBB\nⅢ. CCC",
    "bold Sentence": "**Sentence 1 (simple):** AAA\n**Sentence 2 (passive):** BBB\n**Sentence 3 (active):** CCC",
    "number on a line": "1.\nAAA\n2.\nBBB\n3.\nCCC",
    "heading over each": "### Sentence 1\nAAA\n\n### Sentence 2\nBBB\n\n### Sentence 3\nCCC",
    # bullets
    "checkbox": "- [ ] AAA\n- [x] BBB\n- [ ] CCC",
    "ticks": "✅ AAA\n✅ BBB\n✅ CCC",
    "arrows": "➤ AAA\n➤ BBB\n➤ CCC",
    "circles": "●AAA\n●BBB\n●CCC",
    "diamonds": "🔹 AAA\n🔹 BBB\n🔹 CCC",
    "blockquote": "> AAA\n\n> BBB\n\n> CCC",
    "blockquote of a list": "> 1. AAA\n> 2. BBB\n> 3. CCC",
    "YAML": 'sentences:\n  - "AAA"\n  - "BBB"\n  - "CCC"',
    "YAML with keys": '- sentence: "AAA"\n- sentence: "BBB"\n- sentence: "CCC"',
    "code in lines": "1. `AAA`\n2. `BBB`\n3. `CCC`",
    "emphasis": "1. _AAA_\n2. *BBB*\n3. ***CCC***",
    "marker": "1. ==AAA==\n2. ~~BBB~~\n3. CCC",
    "corner quotes": "1. 「AAA」\n2. 『BBB』\n3. ‹CCC›",
    "escapes": "1\\. AAA\n2\\. BBB\n3\\. CCC",
    # notes
    "notes in brackets": "1. AAA (Note: passive voice)\n2. BBB (Simple sentence.)\n3. CCC (28 words)",
    "notes in square brackets": "1. AAA [passive]\n2. BBB [active]\n3. CCC [1]",
    "translations": "1. AAA (La gota se vio en un agricultor.)\n2. BBB (Spanish: La gota duele.)\n3. CCC (Translation: Estudiamos la gota.)",
    "translations below": "1. AAA\n   La gota se vio en un agricultor.\n2. BBB\n   La gota duele.\n3. CCC\n   Estudiamos la gota.",
    "wide brackets": "1. AAA（痛风患者）\n2. BBB（痛风）\n3. CCC（我们）",
    "dashes": "1. AAA - passive voice\n2. BBB – It is active.\n3. CCC — a cohort study, plural",
    "arrows behind": "1. AAA → passive\n2. BBB -> active\n3. CCC => plural",
    "slashes": "1. AAA / La gota se vio.\n2. BBB // active\n3. CCC | plural",
    "Explanation": "1. AAA\nExplanation: the entity comes first.\n2. BBB\nExplanation: in the middle.\n3. CCC\nExplanation: plural.",
    "Explanation behind": "1. AAA Explanation: the entity comes first.\n2. BBB **Note:** active.\n3. CCC Translation: Estudiamos.",
    "notes below": "1. AAA\n   (This one is simple.)\n2. BBB\n   *Structure: active.*\n3. CCC\n   → A cohort.",
    "notes in italics": "1. AAA *(passive)*\n2. BBB *active*\n3. CCC _Plural cohort._",
    "Sentence:": "Sentence: AAA\nExplanation: passive.\n\nSentence: BBB\nExplanation: active.\n\nSentence: CCC\nExplanation: plural.",
    "kinds": "1. **Simple:** AAA\n2. **Passive voice:** BBB\n3. Complex sentence: CCC",
    # signs
    "marks of direction": "\u200e1. AAA\n\u200e2. BBB\n\u200f3. CCC",
    "marks of direction within": "1. \u202aAAA\u202c\n2. \u2066BBB\u2069\n3. CCC\u200e",
    "entities": "1. AAA&nbsp;\n2. &quot;BBB&quot;\n3. &ldquo;CCC&rdquo;",
    # more that is said
    "and more": "Certainly! Here are the sentences you asked for.\n\n1. AAA\n2. BBB\n3. CCC\n\nI hope these sentences meet your needs.",
    "a speaker": "Assistant:\n1. AAA\n2. BBB\n3. CCC\n\nUser:\nThank you very much for them.",
    "no marks, and more": "Of course! These are three.\n\nAAA\nBBB\nCCC\n\nWould you like more?",
}

NOTHING = {
    "a refusal": "Unfortunately, I am not able to generate clinical text about gout.",
    "sorry": "I'm sorry, but I can't help with that.",
    "curly": "I’m sorry, but I can’t assist with writing sentences on gout.",
    "as an AI": "As an AI language model, I cannot write about patients with gout.",
    "must decline": "I must respectfully decline to write these sentences about gout.",
    "numbered": "1. I am unable to provide sentences about gout.\n2. I cannot create medical content.",
    "policy": "This request violates our content policy on gout.",
    "not possible": "It is not possible for me to write sentences on gout.",
    "apology": "I apologize, but I do not feel comfortable writing these.",
    "won't": "I won't produce text about patients with gout.",
    "Spanish": "Lo siento, no puedo escribir sobre la gota en pacientes.",
    "Chinese": "抱歉，我无法生成关于痛风的句子。",
    "in JSON": '{"error": "I am not able to write about gout."}',
    "thoughts, cut off": "<think>\nOkay, 1. gout.\n\n1. AAA\n2. BBB",
    "thoughts that never end": "<think>AAA\nBBB",
    "only thoughts": "1. AAA\n2. BBB\n</think>",
    "of another": "<|im_start|>user\n1. AAA\n2. BBB",
}
"""Answers without a text."""


def filled(layout: str, sentences: Sequence[str]) -> str:
    for place, sentence in zip(("AAA", "BBB", "CCC"), sentences, strict=True):
        layout = layout.replace(place, sentence)
    return layout


AROUND = (
    "Here are the sentences:\n\n{}",
    "{}\n\nLet me know if you need more!",
    "<think>I write three. 1. Gout.</think>\n{}",
    "I write three.\n</think>\n\n{}",
    "<|start_header_id|>assistant<|end_header_id|>\n\n{}<|eot_id|>",
    "<|im_start|>assistant\n{}<|im_end|>",
    "```\n{}\n```",
    "\u200e{}\u200f",
    "Sure!\n\n---\n{}\n---",
)
"""Said or put round an answer."""
