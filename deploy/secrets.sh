#!/bin/sh
# Makes the secrets of docker-compose.yml, each a file of its own in a folder, `secrets` by default, and tells .env of
# it. What is there already stays as it is: `deploy/secrets.sh [FOLDER]`, from anywhere.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-./secrets}
case $folder in /* | ./*) ;; *) folder=./$folder ;; esac  # compose takes a bare name for a volume

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

write() { # NAME, and the content on standard input
  if [ ! -s "$folder/$1" ]; then
    cat >"$folder/$1"
    echo "made $folder/$1"
  else
    cat >/dev/null
  fi
  # The containers' users are not this one. Who may not enter the folder reads none of them.
  chmod 644 "$folder/$1"
}

mkdir -p "$folder"
chmod 700 "$folder"
random | write database_password
random | write grafana_password
key=$(random) secret=$(random)
# Both say the same: they are made together. Where one is there already, it is somebody's own, for another store.
if [ ! -s "$folder/aws_credentials" ] && [ ! -s "$folder/s3_identities" ]; then
  printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" | write aws_credentials
  printf '{"identities": [{"name": "menagerie", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": ["Admin"]}]}\n' \
    "$key" "$secret" | write s3_identities
elif [ ! -s "$folder/aws_credentials" ] || [ ! -s "$folder/s3_identities" ]; then
  echo "note: of aws_credentials and s3_identities only one is there, and stays as it is: the profile s3 wants both, which" \
    "this makes together where neither is" >&2
fi
# Keys to the API are made by the API, once it runs; what is not there at all, compose does not mount.
for name in aws_credentials s3_identities menagerie_api_key metrics_key; do
  [ -e "$folder/$name" ] || : >"$folder/$name"
  chmod 644 "$folder/$name"
done

touch .env
if grep -q '^SECRETS_FOLDER=' .env; then
  grep -qxF "SECRETS_FOLDER=$folder" .env || echo "note: .env names another folder; for this one: SECRETS_FOLDER=$folder" >&2
else
  [ -z "$(tail -c 1 .env)" ] || echo >>.env  # its last line may have no end
  echo "SECRETS_FOLDER=$folder" >>.env
  echo "added SECRETS_FOLDER=$folder to .env"
fi
