# shellcheck shell=bash disable=SC2034,SC2154
about="the sample app of this repository, with its Python packages"
needs=debian-python
inputs="../../apps/app-python/requirements.txt ../../apps/app-python/app_python ../../apps/app-python/pyproject.toml oci.py"
seconds=16
lane=io
build() {
  local app=$TB_REPO/apps/app-python version
  [ -f "$app/requirements.txt" ] || { echo "apps/app-python is not in this tree"; return 1; }
  version=$(sed -n 's/^version *= *"\(.*\)"/\1/p' "$app/pyproject.toml" | head -1)
  # the same places as in its Dockerfile: a virtual environment in /venv, the app in /venv/app
  pip_tree "$app/requirements.txt" deps/venv/lib/python3.11/site-packages
  compile_python deps
  mkdir -p deps/venv/bin
  ln -s /usr/bin/python3 deps/venv/bin/python3
  printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n' > deps/venv/pyvenv.cfg
  mkdir -p root/venv/app
  cp -r "$app/app_python" root/venv/app/
  find root -name __pycache__ -prune -exec rm -rf {} +
  compile_python root
  image 000000000000.dkr.ecr.us-east-1.amazonaws.com/app-python "${version:-0.1.0}" here "built from apps/app-python" \
    '{"Entrypoint":["python3"],"Cmd":["-m","app_python"],"User":"10001:10001","WorkingDir":"/venv/app","Env":["PATH=/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","PYTHONPATH=/venv/app","PYTHONUNBUFFERED=1","PYTHONDONTWRITEBYTECODE=1"],"ExposedPorts":{"8080/tcp":{}}}' \
    "$(out debian-python)/layer.json" deps root
  rm -rf deps root
}
