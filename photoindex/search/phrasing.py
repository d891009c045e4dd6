"""What a search asks for, without the words that only ask.

"I am looking for a dog", "show me the dog" and "photos of dogs" mean the same to people, but an encoder also embeds
the asking, which no photo shows: all cosines shrink, and the right photos stand out less.
"""

from __future__ import annotations

import re


def _any(*phrases: str) -> str:
    return f"(?:{'|'.join(phrases)})"


_ENGLISH = _any(
    r"(?:i am|i'm|we are|we're) (?:looking|searching) for",
    r"(?:i|we) (?:want|need|would like)(?: to (?:see|find))?",
    r"i'd like(?: to (?:see|find))?",
    r"(?:can|could) (?:you|i|we) (?:please )?(?:show|find|see|get)(?: me)?",
    r"(?:show|find|give|get|bring)(?: (?:me|us)(?: up)?| up)",
    r"(?:show|get)(?= (?:all|any|my|our|the|photos|pictures)\b)",
    r"find",
    r"(?:look|looking|search|searching) for",
    r"where (?:is|are)",
    r"do (?:i|we|you) have(?: any)?",
    r"is there(?: any)?",
    r"are there(?: any)?",
)
_FRENCH = _any(
    r"je (?:cherche|recherche|voudrais(?: voir)?|veux(?: voir)?)",
    r"j'aimerais(?: voir)?",
    r"(?:montre|montrez|trouve|trouvez)[- ](?:moi|nous)",
    r"(?:cherche|chercher|cherchez|affiche|afficher|affichez)",
    r"où (?:est|sont)",
    r"est-ce qu'il y a",
    r"y a-t-il",
)
_OTHERS = _any(
    r"ich suche(?: nach)?",
    r"zeige?(?: mir)",
    r"suche(?: nach)?",
    r"(?:busco|muéstrame|enséñame|cerco|mostrami|procuro|mostra-me|ik zoek|szukam)",
    r"pokaż(?: mi)?",
)
_ARTICLE = (
    r"(?:(?:all(?: of)?|any|some|the|my|our|an?|toutes?|tous|les?|des|mes|nos|une?|alle|die|meine|las|los|mis) )*"
)
_PICTURE = (
    r"(?:(?:best|nice|good|old|recent|new) )?"
    r"(?:photo(?:graph|graphie|s|graphs|graphies)?|pictures?|pics?|images?|shots?|fotos?|bilder|bild|immagini|imágenes)"
)
_LINK = r"(?:of|with|showing|from|that show|de(?: la| l')?|du|des|d'|avec|von|mit|con|di|del|da|do|van|met)"

_ASKING = re.compile(rf"^\s*(?:please )?{_any(_ENGLISH, _FRENCH, _OTHERS)}(?=\s|$)\s*", re.I)
_PICTURE_OF = re.compile(rf"^\s*{_ARTICLE}{_PICTURE}\s+{_LINK}(?:\s+|(?<='))(?=\S)", re.I)
_AFTER = re.compile(r"(?<=\S)\s+(?:photos|pictures|pics|images|please|s'il (?:te|vous) plaît|bitte)\s*$", re.I)
_POINTING = re.compile(r"^\s*(?:the|my|our|any|some|that|this|these|those)\s+(?=\S)", re.I)
_END = re.compile(r"\s*[?!.]+\s*$")
_EMPTY = re.compile(
    r"(?:\W|\b(?:an?|the|my|our|any|some|all|of|it|ones?|this|that|these|those|them|me|une?|le|la|les|ça)\b)*", re.I
)


def content(text: str) -> str:
    """The text less how it was asked for; the text itself when nothing else is in it."""
    whole = text.strip().replace("’", "'")
    left = _END.sub("", whole) if _ASKING.match(whole) else whole
    for _ in range(3):  # one opening after another: "please show me" "all photos of"
        shorter = _AFTER.sub("", _PICTURE_OF.sub("", _ASKING.sub("", left)))
        if shorter == left or _EMPTY.fullmatch(shorter):
            break
        left = shorter
    pointed = _POINTING.sub("", left) if left != whole else left
    return text.strip() if pointed == whole or _EMPTY.fullmatch(pointed) else pointed
