-- Lua 5.4; no globals of our own.
std = "lua54"
max_line_length = 120
cache = false
files["spec/**/*.lua"] = { std = "lua54+busted" }
