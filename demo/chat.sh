#!/bin/sh
# `make demo TASK=chat`: a chat model from self-chat, then with feedback, on this machine and without a network.
# The 12 dialogues are recorded, and a stand-in is the judge: it knows nothing of medicine, and scores short answers
# higher, so that what is seen is that a model learns what its judge likes.
set -e
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" # the model is too small for more
folder=$(mktemp -d)
trap 'kill "$judge" 2>/dev/null; rm -rf "$folder"' EXIT
python "$(dirname "$0")/../tests/mock_openai.py" > "$folder/port" &
judge=$!

echo '== 1 of 2: a tiny Llama with random weights learns 12 recorded dialogues'
clinsynth train experiment=train/demo/chat
until [ -s "$folder/port" ]; do sleep 0.1; done
stand_in="http://127.0.0.1:$(cat "$folder/port")/v1"
echo '== 2 of 2: it answers 24 questions four times each, a judge scores the answers, and it learns the best'
clinsynth distill experiment=distill/demo/chat llm.base_url="$stand_in"

echo
clinsynth report table=demo-chat
cat <<'END'

perplexity: of held-out answers, lower is better (of the base: before any training). judge: the mean score of the
model's answers to held-out questions, 1 to 100 (before: the same before it had feedback); wins: how often the judge
prefers them to those from before, in percent. The model has random weights and two layers: its answers are no
language. Talk to it all the same, in the terminal or in a browser:

    clinsynth chat model=latest
    clinsynth serve model=latest      (then open http://127.0.0.1:8008/)

A model of use takes an LLM that writes dialogues and a backbone that knows a language (docs/tasks/chat.md):

    clinsynth train dataset=sample_chat backbone=smollm2
END
