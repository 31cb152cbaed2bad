# Sourced by ./run and ./test: makes .venv from a lock file. Every failure says what happened and what repairs it.

stop() { # zh, en
  printf '%s\n%s\n' "$1" "$2" >&2
  exit 1
}

find_python() {
  for name in ${BUDAYANG_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
}

make_environment() { # lock file
  lock=$1
  python=$(find_python)
  [ -n "$python" ] || stop "需要 Python 3.11 或更新的版本。请安装后再运行，例如：apt-get install python3 python3-venv" \
    "Python 3.11 or newer is needed. Install it and run again, for example: apt-get install python3 python3-venv"
  free_kb=$(df -Pk . | awk 'NR==2 {print $4}')
  [ "${free_kb:-0}" -ge 600000 ] || [ -f .venv/ready ] || stop "磁盘空间不足：安装约需 600 MB，现有 $((free_kb / 1024)) MB。请清理后再运行。" \
    "The disk is nearly full: about 600 MB are needed, $((free_kb / 1024)) MB are free. Make room and run again."
  wanted=$(cat "$lock" pyproject.toml | cksum)
  # "ready" is written last: an environment that was cut off half-way has none, or an old one, and is made anew.
  if [ -f .venv/ready ] && [ "$(sed -n "s/^$lock //p" .venv/ready)" = "$wanted" ]; then
    return
  fi
  if [ -d .venv ] && ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    echo "环境不完整，重新建立 / the environment is half-made, making it anew"
    rm -rf .venv
  fi
  if [ ! -d .venv ]; then
    echo "建立 Python 环境 / making the Python environment"
    "$python" -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; stop "缺少 venv 模块。请安装后再运行：apt-get install python3-venv" \
      "The venv module is missing. Install it and run again: apt-get install python3-venv"; }
  fi
  echo "安装依赖（首次约一分钟）/ installing what is needed (about a minute the first time)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" || stop \
    "依赖没有装好。请检查网络、pip 的镜像设置和磁盘空间，再运行一次；已装好的部分会保留。" \
    "Installing failed. Check the network, pip's index setting and the disk, then run again; what is installed stays."
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e . || stop \
    "本程序没有装入环境。请删除 .venv 后再运行。" "The program could not be installed. Remove .venv and run again."
  { [ ! -f .venv/ready ] || grep -v "^$lock " .venv/ready; echo "$lock $wanted"; } >.venv/ready.new
  mv .venv/ready.new .venv/ready
}
