// What every page gains from scripts; each works without. A page's own scripts stand in its block `scripts`.

import "./dropping.js";
import "./hover.js";
import "./keys.js";
import "./marks.js";
import "./menus.js";
import "./news.js";
import "./selecting.js";
import "./suggestions.js";
import "./videos.js";
import "./viewing.js";
import "./where.js";
