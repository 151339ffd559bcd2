"""The campaign panel without a screen: its state, what can happen to it, and what it shows."""

# How to add a button, for example "Duplicate". It takes five files; both views draw it without a change:
#
# 1. actions.py         a class for the click, if no existing action fits (``DuplicateRequested``)
# 2. reducer.py         what the click does to the state, and which effect it asks for
# 3. effects.py         a class for the effect (``DuplicateCampaign``)
# 4. client_effects.py  the client call that performs it, and the action that answers it
# 5. buttons.py         an entry with its label, its action, and the reason when it is disabled
#
# A button for another process action needs an entry in buttons.py alone, because ``ActionChosen`` and ``SendAction``
# serve all of them. contract/lifecycle.py says which statuses allow the action, confirmation.py whether it has a
# review, and rules.py whether it has a form or a text to type.
#
# Where else a change goes: a column of the table, columns.py; a rate or its limit, metrics.py; a sentence, wording.py
# or review_text.py; what is read again by itself, watch.py; a color or a distance, views/style.css.
