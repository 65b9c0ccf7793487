---@meta
--- The types of values, which C provides: for editors and for the reference. Nothing loads this file.
-- luacheck: ignore 212 231 241 631

---@alias moonpool.json_value nil|boolean|number|string|table|lightuserdata|moonpool.numeric

--- Exact decimals. `mp.numeric("12.50")`, `mp.numeric(3)`, `mp.numeric(0.1)` (the float's shortest decimal).
---@class moonpool.numeric
---@operator add(moonpool.numeric|integer): moonpool.numeric
---@operator sub(moonpool.numeric|integer): moonpool.numeric
---@operator mul(moonpool.numeric|integer): moonpool.numeric
---@operator unm: moonpool.numeric
---@operator concat(any): string
local numeric = {}

--- Compare with a numeric or an integer. `==` compares two numerics only: Lua never equates a userdata with a number.
---@param other moonpool.numeric|integer
---@return boolean
function numeric:eq(other) end

---@param other moonpool.numeric|integer
---@return boolean
function numeric:lt(other) end

---@param other moonpool.numeric|integer
---@return boolean
function numeric:le(other) end

---@param other moonpool.numeric|integer
---@return boolean
function numeric:gt(other) end

---@param other moonpool.numeric|integer
---@return boolean
function numeric:ge(other) end

--- The quotient, rounded half away from zero to `scale` digits behind the point.
---@param other moonpool.numeric|integer
---@param scale integer 0 to 16383
---@return moonpool.numeric
function numeric:div(other, scale) end

--- Rounded half away from zero; a negative scale rounds before the point.
---@param scale? integer 0 if absent
---@return moonpool.numeric
function numeric:round(scale) end

---@return integer digits behind the point
function numeric:scale() end

---@return boolean
function numeric:is_nan() end

---@return number float the nearest float
function numeric:tonumber() end

---@return integer|nil integer nil if there is a fraction, or the number does not fit
function numeric:tointeger() end

--- A moment, in microseconds; its fields are those of UTC. Infinity has no fields.
---@class moonpool.timestamp
---@field year integer 0 is 1 BC
---@field month integer
---@field day integer
---@field hour integer
---@field min integer
---@field sec integer
---@field microsecond integer
---@operator add(moonpool.interval): moonpool.timestamp
---@operator sub(moonpool.interval): moonpool.timestamp
---@operator sub(moonpool.timestamp): moonpool.interval
---@operator concat(any): string
local timestamp = {}

---@return boolean has_zone false for those of mp.timestamp.without_zone
function timestamp:has_zone() end

---@return boolean
function timestamp:is_finite() end

---@return number seconds since 1970-01-01 UTC
function timestamp:unix() end

---@return integer microseconds since 1970-01-01 UTC
function timestamp:unix_microseconds() end

--- A day of the calendar. `date + 7`, `date - date` (days).
---@class moonpool.date
---@field year integer 0 is 1 BC
---@field month integer
---@field day integer
---@operator add(integer): moonpool.date
---@operator sub(integer): moonpool.date
---@operator sub(moonpool.date): integer
---@operator concat(any): string
local date = {}

---@return boolean
function date:is_finite() end

--- A time of day, from 00:00:00 to 24:00:00.
---@class moonpool.time
---@field hour integer
---@field min integer
---@field sec integer
---@field microsecond integer
---@operator concat(any): string

--- Months, days and microseconds, kept apart. Compared as the server does: a month is 30 days, a day 24 hours.
---@class moonpool.interval
---@field months integer
---@field days integer
---@field microseconds integer
---@operator add(moonpool.interval): moonpool.interval
---@operator add(moonpool.timestamp): moonpool.timestamp
---@operator sub(moonpool.interval): moonpool.interval
---@operator mul(integer): moonpool.interval
---@operator unm: moonpool.interval
---@operator concat(any): string

--- A string that is marked as bytes. `#bytes` is its length.
---@class moonpool.bytes
---@operator len: integer
local bytes = {}

---@return string
function bytes:string() end

--- A JSON document as a parameter; tostring gives its text.
---@class moonpool.json

---@class moonpool.numeric_class
---@overload fun(value: moonpool.numeric|number|string): moonpool.numeric
---@field is fun(value: any): boolean

---@class moonpool.timestamp_fields
---@field year integer
---@field month integer
---@field day integer
---@field hour? integer
---@field min? integer
---@field sec? integer
---@field microsecond? integer
---@field offset? integer seconds east of UTC; 0 if absent

--- A string has an offset ("2026-11-24T18:39:19Z"), a number is seconds since 1970.
---@class moonpool.timestamp_class
---@overload fun(value: moonpool.timestamp|string|number|moonpool.timestamp_fields): moonpool.timestamp
---@field now fun(): moonpool.timestamp
---@field without_zone fun(value: moonpool.timestamp|string|number|moonpool.timestamp_fields): moonpool.timestamp
---@field is fun(value: any): boolean
---@field infinity moonpool.timestamp
---@field minus_infinity moonpool.timestamp

---@class moonpool.date_class
---@overload fun(value: moonpool.date|string|{ year: integer, month: integer, day: integer }): moonpool.date
---@field today fun(): moonpool.date the day in UTC
---@field is fun(value: any): boolean
---@field infinity moonpool.date
---@field minus_infinity moonpool.date

---@class moonpool.time_class
---@overload fun(value: moonpool.time|string|{ hour?: integer, min?: integer, sec?: integer, microsecond?: integer }): moonpool.time
---@field is fun(value: any): boolean

---@class moonpool.interval_fields
---@field years? integer
---@field months? integer
---@field weeks? integer
---@field days? integer
---@field hours? integer
---@field minutes? integer
---@field seconds? number
---@field microseconds? integer

---@class moonpool.interval_class
---@overload fun(value: moonpool.interval|string|moonpool.interval_fields): moonpool.interval
---@field is fun(value: any): boolean

---@class moonpool.bytes_class
---@overload fun(value: moonpool.bytes|string): moonpool.bytes
---@field is fun(value: any): boolean

--- Marks a table as a list; with a count, nil up to it becomes mp.null.
---@class moonpool.array_class
---@overload fun(list: table, count?: integer): table
---@field is fun(value: any): boolean
---@field lower fun(list: table): integer, ... the first subscript of each dimension

--- Two bounds, either of which may be absent; tostring gives what PostgreSQL writes. They never change.
---@class moonpool.range
---@field lower any nil if there is no bound
---@field upper any nil if there is no bound
---@field lower_inclusive boolean
---@field upper_inclusive boolean
---@field is_empty boolean
---@operator concat(any): string
local range = {}

---@param value any of the bounds' type
---@return boolean
function range:contains(value) end

---@class moonpool.range_class
---@overload fun(lower: any, upper: any, bounds?: "[)"|"[]"|"(]"|"()"): moonpool.range
---@field empty moonpool.range
---@field is fun(value: any): boolean

--- A script's own functions for a type, by its name in pg_type, with its schema or without. An empty table ends them.
---@class moonpool.codec
---@field register fun(name: string, codec: { decode?: fun(value: any): any, encode?: fun(value: any): any })

---@class moonpool.json_class
---@overload fun(value: moonpool.json_value): moonpool.json
---@field encode fun(value: moonpool.json_value): string
---@field decode fun(text: string): moonpool.json_value
---@field is fun(value: any): boolean

--- A new UUID as text: version 4 (random), or 7 (in order of time).
---@alias moonpool.uuid fun(options?: { version: 4|7 }): string

---@class moonpool.yaml_decode_options
---@field max_bytes? integer of the text; 16 MB if absent
---@field max_depth? integer lists and maps within each other, up to 1000; 100 if absent
---@field max_nodes? integer lists, maps, keys and other values, with what aliases repeat; 1000000 if absent
---@field max_key? integer bytes of a key; 1024 if absent
---@field max_amplification? integer nodes with what aliases repeat, for each that is written; 100 if absent
---@field decimals? "float"|"numeric" what a number with a point or an exponent becomes; "float" if absent
---@field merge? boolean whether `<<` adds what another map has; true if absent
---@field tag? fun(tag: string, value: any): any what stands for a value with a tag that is not YAML's own
---@field file? string the name of the file, for errors

---@class moonpool.yaml_encode_options
---@field indent? integer 2 to 9; 2 if absent
---@field width? integer the column behind which a long text is folded, up to 1000; 0: never; 100 if absent

--- YAML 1.2. A map that was decoded, or made by `map`, keeps the order of its keys: `pairs` goes by it.
---@class moonpool.yaml
---@field decode fun(text: string, options?: moonpool.yaml_decode_options): any the one document; mp.null if there is none
---@field decode_all fun(text: string, options?: moonpool.yaml_decode_options): any[] all documents
---@field encode fun(value: any, options?: moonpool.yaml_encode_options): string
---@field map fun(pairs?: any[][]): table a map from a list of { key, value }, in its order
---@field is_map fun(value: any): boolean
