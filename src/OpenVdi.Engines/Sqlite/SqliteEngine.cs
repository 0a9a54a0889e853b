using System.Diagnostics;
using OpenVdi.Engines.Sqlite.Files;
using OpenVdi.Engines.Sqlite.Snapshots;
using OpenVdi.Engines.Sqlite.Stripes;
using OpenVdi.Engines.Sqlite.Transfer;
using OpenVdi.Tape;

namespace OpenVdi.Engines.Sqlite;

/// <summary>
/// Backs up and restores SQLite databases through the engine's half of the virtual device interface, as SQL Server does its
/// own databases: a backup program makes a set and offers devices; these functions find the set and use them.
/// </summary>
/// <remarks>Both functions block until they are done; any thread, any number at a time. docs/reference/sqlite-stream.md
/// describes what the devices receive.</remarks>
public static class SqliteEngine
{
    /// <summary>
    /// Backs up a database as it is at one moment, while others use it. A database in WAL mode is written to meanwhile as
    /// ever; of a database with a rollback journal the writers wait for the backup's end.
    /// </summary>
    /// <param name="request">What, and where to.</param>
    /// <param name="cancellationToken">Ends the backup early: the set is aborted.</param>
    /// <exception cref="SqliteEngineException">The backup did not succeed; the set was aborted, with the reason.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SqliteOperationResult Backup(SqliteBackupRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrEmpty(request.DatabasePath);
        TransferOptions options = new TransferOptions(
            request.Transport, request.InstanceName, request.DeviceNames, request.BlockSizeBytes,
            request.MaxTransferSizeBytes, request.BufferCount, request.OpenTimeout, request.Progress).Checked();
        string path = Path.GetFullPath(request.DatabasePath);

        // A first look, before the set is taken: what cannot be read fails at once.
        SqliteSnapshot.Take(path, request.LockTimeout).Dispose();
        SqliteSnapshot? snapshot = null;
        try
        {
            StripedImage? image = null;
            BackupPump? pump = null;
            TimeSpan elapsed = RunSession(options, session =>
            {
                snapshot = SqliteSnapshot.Take(path, request.LockTimeout);
                image = new StripedImage(
                    snapshot, options.DeviceNames.Count, (int)options.BlockSizeBytes, (int)options.MaxTransferSizeBytes);
                session.Configure(VdFeatures.WriteMedia);
                session.Start();
                pump = new BackupPump(session, image, options.Progress);
                pump.Run(cancellationToken);
            }, cancellationToken);
            return new SqliteOperationResult
            {
                BytesTransferred = pump!.BytesTransferred,
                DatabaseBytes = snapshot!.ImageBytes,
                CommandCount = pump.CommandCount,
                Elapsed = elapsed,
                ContentHash = request.ComputeContentHash ? HashSnapshot(snapshot) : null,
                PageSize = snapshot.PageSize,
                PageCount = snapshot.PageCount,
                BackupId = image!.Record.BackupId,
                BackupTime = image.Record.Created,
                LogPageCount = snapshot.LogPageCount,
            };
        }
        finally
        {
            snapshot?.Dispose();
        }
    }

    /// <summary>
    /// Restores a database. Everything is checked before it appears under its name, durably and in one step; until then, and
    /// when the restore fails, what is at that name stays as it is.
    /// </summary>
    /// <param name="request">What from, and where to.</param>
    /// <param name="cancellationToken">Ends the restore early: the set is aborted.</param>
    /// <exception cref="SqliteEngineException">The restore did not succeed; the set was aborted, with the reason.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SqliteOperationResult Restore(SqliteRestoreRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrEmpty(request.DatabasePath);
        TransferOptions options = new TransferOptions(
            request.Transport, request.InstanceName, request.DeviceNames, request.BlockSizeBytes,
            request.MaxTransferSizeBytes, request.BufferCount, request.OpenTimeout, request.Progress).Checked();

        // Before anything is read, or the set is taken: a target that cannot be had fails at once.
        using RestoreTarget target = RestoreTarget.Take(request.DatabasePath, request.Replace, request.LockTimeout);
        RestoredImage? image = null;
        RestorePump? pump = null;
        TimeSpan elapsed = RunSession(options, session =>
        {
            target.CreateFile();
            image = new RestoredImage(target.File, target.TemporaryPath, options.DeviceNames.Count);
            session.Configure(VdFeatures.ReadMedia);
            session.Start();
            pump = new RestorePump(session, image, (int)options.MaxTransferSizeBytes, options.Progress);
            pump.Run(cancellationToken);
            image.CheckWhole();
        }, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        image!.MakeDurable();
        cancellationToken.ThrowIfCancellationRequested();
        target.Publish();
        elapsed += Stopwatch.GetElapsedTime(started);
        BackupRecord record = image.Record!;
        return new SqliteOperationResult
        {
            BytesTransferred = pump!.BytesTransferred,
            DatabaseBytes = image.Bytes,
            CommandCount = pump.CommandCount,
            Elapsed = elapsed,
            ContentHash = request.ComputeContentHash ? SqliteContentHash.Compute(request.DatabasePath) : null,
            PageSize = (int)record.PageSizeBytes,
            PageCount = record.PageCount,
            BackupId = record.BackupId,
            BackupTime = record.Created,
        };
    }

    /// <summary>Runs an operation on a set: finds it, closes its devices when the operation returns, aborts it with the reason
    /// when it throws, and gives it up in all cases.</summary>
    private static TimeSpan RunSession(TransferOptions options, Action<ServerSession> operation, CancellationToken cancellationToken)
    {
        using ServerSession session = ServerSession.Open(options, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        try
        {
            operation(session);
        }
        catch (Exception exception)
        {
            session.SignalAbort(exception.Message);
            throw;
        }

        session.CloseDevices();
        return Stopwatch.GetElapsedTime(started);
    }

    private static string HashSnapshot(SqliteSnapshot snapshot)
    {
        try
        {
            return SqliteContentHash.Compute(snapshot.Reader);
        }
        catch (SqliteCodeException exception)
        {
            throw SqliteContentHash.Translate(snapshot.Reader.Path, exception);
        }
    }
}
