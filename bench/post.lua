-- Posts the pictures that a file lists, in turn, as forms. wrk -s post.lua URL -- LIST
local pictures, at = {}, 0
local boundary = "menagerie-benchmark"
local head = "--" .. boundary .. "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture\"\r\n"
  .. "Content-Type: image/jpeg\r\n\r\n"

function init(arguments)
  for path in io.lines(arguments[1]) do
    local file = io.open(path, "rb")
    pictures[#pictures + 1] = head .. file:read("*a") .. "\r\n--" .. boundary .. "--\r\n"
    file:close()
  end
  math.randomseed(tonumber(tostring({}):sub(10), 16) or os.time())
  at = math.random(#pictures)  -- each thread begins elsewhere
end

function request()
  at = at % #pictures + 1
  return wrk.format("POST", nil, {["Content-Type"] = "multipart/form-data; boundary=" .. boundary}, pictures[at])
end
