"""Texts as people search for photos: with them, recall is measured as it will be met.

Texts lie elsewhere than photos in an encoder's space, and codes that do for queries like photos can fail them.
"""

from __future__ import annotations

_THINGS = (
    "a dog on the beach", "children playing in the snow", "a birthday cake with candles", "sunset over the sea",
    "a red car", "mountains in autumn", "a cat asleep on a sofa", "people dancing at a wedding", "a bowl of fruit",
    "an old church", "a train at a station", "flowers in a garden", "a screenshot of a chat", "a receipt",
    "a crowded street at night", "a baby", "a horse in a field", "a bicycle leaning on a wall", "fireworks",
    "a lake with a boat", "a group portrait", "a plate of pasta", "the Eiffel tower", "a waterfall", "a bird in flight",
    "a whiteboard with writing", "a football match", "a christmas tree", "fog in a forest", "a selfie in a mirror",
    "an aeroplane wing from the window", "a market stall with vegetables", "a bridge over a river", "a tent",
    "a man with a beard", "a woman in a blue dress", "an empty room", "a map", "a close-up of an insect", "a castle",
)  # fmt: skip
_WAYS = ("{}", "a photo of {}", "{}, black and white")
_OTHERS = (
    "plage en été", "un chien dans la neige", "coucher de soleil", "gâteau d'anniversaire", "vacances à la montagne",
    "facture", "chat", "mariage", "IMG", "grandma", "holiday", "winter", "happy", "water", "green", "macro", "Paris",
    "something funny", "the whole family", "loneliness", "2 people", "hiking trip last year", "dinner with friends",
    "sport", "architecture", "night", "portrait", "landscape", "food", "document",
)  # fmt: skip

CAPTIONS: tuple[str, ...] = (*(way.format(thing) for thing in _THINGS for way in _WAYS), *_OTHERS)
