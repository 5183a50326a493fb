/** As tutorials print it: every value is followed by an explanation, which MHA takes for a part of the value. */
export const ANNOTATED = `[server default]
manager_workdir=/var/log/masterha/app1          # 管理节点的工作目录
manager_log=/var/log/masterha/app1/manager.log  # 管理节点的日志
master_binlog_dir=/data/mysql                   # 主库二进制日志的位置
user=mha                                        # 监控账号
password=secret                                 # 监控账号的密码
ping_interval=1                                 # 每秒检测一次，默认 3 秒
remote_workdir=/tmp                             # 远端主机的工作目录
repl_user=repl                                  # 复制账号
repl_password=secret                            # 复制账号的密码
ssh_user=root                                   # ssh 登录用户

[server1]
hostname=192.168.0.50                           # 主库
port=3306                                       # 端口

[server2]
hostname=192.168.0.60                           # 从库
port=3306                                       # 端口
candidate_master=1                              # 候选主库
check_repl_delay=0                              # 忽略复制延迟

[server3]
hostname=192.168.0.70                           # 从库
port=3306                                       # 端口
no_master=1                                     # 不参与选举
`;

/** Zero-based lines of ANNOTATED with such an explanation. */
export const ANNOTATED_LINES = ANNOTATED.split('\n').flatMap((line, at) => (line.includes('#') ? [at] : []));

/** What the file means to its author. */
export const UNANNOTATED = ANNOTATED.replace(/ +#.*$/gm, '');

/** Nothing to complain about but what is merely information. */
export const CLEAN = `[server default]
user=mha
password=secret
repl_user=repl
repl_password=secret
ssh_user=root
manager_workdir=/var/log/masterha/app3
manager_log=/var/log/masterha/app3/manager.log
ping_interval=3

[server1]
hostname=db1.example.com

[server2]
hostname=db2.example.com
candidate_master=1

[server3]
hostname=db3.example.com
`;

/** MySQL's own option file: none of our business, although it has sections and the same ending. */
export const MY_CNF = `[mysqld]
server_id = 1
log_bin
pings_interval = 3

[server default 2]
nonsense
`;
